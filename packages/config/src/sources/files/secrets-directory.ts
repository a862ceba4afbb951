/**
 * Settings from a directory of mounted secrets, one file each: Kubernetes, Docker, and what behaves
 * like them.
 */
import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { ConfigurationError, requireKnown } from "@lingpai/core";
import { InvalidConfigError } from "../../problem.ts";
import type { Problem } from "../../problem.ts";
import { fieldAt } from "../../schema/schema.ts";
import type { Setting } from "../../setting.ts";
import { pathText } from "../../setting.ts";
import type { ConfigSource, Scope } from "../../source.ts";
import { systemCodeOf } from "../../text/system-code.ts";
import { withoutLineEnd, withoutMark } from "../../text/text.ts";
import { checkedPollMs } from "../poll.ts";
import { readText } from "../../text/read-text.ts";
import { pollMsDefault, watchFiles } from "./watch-files.ts";

export interface SecretsDirectoryOptions {
  /**
   * Only files whose names begin with this are read, less it: for a directory that others use too.
   * @defaultValue ""
   */
  readonly prefix?: string;
  /** Whether the directory may be missing. @defaultValue false */
  readonly optional?: boolean;
  /** @defaultValue "environment" */
  readonly scope?: Scope;
  /**
   * How often the files are looked at, beside listening for changes, in ms, from 100.
   * @defaultValue 10_000
   */
  readonly pollMs?: number;
}

/**
 * A file per setting, named by it: `apps.main.secret`, or `secret` in a directory `main` in a
 * directory `apps`. One line end at the end of a file is not part of the value; other white space
 * is refused. Names that begin with a dot are passed over.
 *
 * Each file is judged by itself. A link to nothing, a pipe, a file above 1 MiB, or a link that
 * leads out of the directory is refused by its name. A file that is removed between listing and
 * reading is looked for again. Only a missing directory is missing as a whole.
 *
 * A Kubernetes volume is replaced as a whole, by moving the link `..data`: all files are read from
 * the same version of it.
 */
export function secretsDirectorySource(
  directory: string,
  options: SecretsDirectoryOptions = {},
): ConfigSource {
  if (typeof directory !== "string" || directory === "")
    throw new ConfigurationError(
      "secretsDirectorySource() needs the path of a directory, as a text.",
      { rule: "source" },
    );
  requireKnown("secretsDirectorySource()", options, ["optional", "pollMs", "prefix", "scope"]);
  const { prefix = "", optional = false, scope = "environment", pollMs = pollMsDefault } = options;
  checkedPollMs(pollMs, 100);
  const root = resolve(directory);
  const readOnce = async (): Promise<readonly Setting[]> => {
    const inside = await realpath(root).catch((error: unknown) => {
      throw isAbsence(error) ? new AbsentDirectory(error) : error;
    });
    const entries = await entriesIn({ root, prefix }, "", 0);
    const results = await Promise.all(
      entries.map((entry) => readEntry({ root, inside, prefix }, entry)),
    );
    const problems = results.flatMap((result) => ("problem" in result ? [result.problem] : []));
    if (problems.length > 0) throw new InvalidConfigError(`The directory ${root}`, problems);
    return results.flatMap((result) => ("setting" in result ? [result.setting] : []));
  };
  return {
    name: `directory ${root}`,
    scope,
    trust: "secrets",
    async load() {
      try {
        return await consistently(root, readOnce);
      } catch (error) {
        if (error instanceof AbsentDirectory && optional) return [];
        throw error;
      }
    },
    watch: (context) =>
      watchFiles(
        async () => [
          join(root, "..data"),
          ...(await entriesIn({ root, prefix }, "", 0).catch(() => [])).map(({ name }) =>
            join(root, name),
          ),
        ],
        context,
        pollMs,
      ),
  };
}

class AbsentDirectory extends ConfigurationError {
  constructor(cause: unknown) {
    super("is not there. Mount it, or pass optional: true", { cause });
  }
}

/** Something was listed and has gone since: the directory is being changed, and is listed again. */
class Vanished extends ConfigurationError {
  constructor() {
    super("changed again and again while it was read. Try again");
  }
}

const attemptsMax = 5;

/** Reads until nothing vanished and the volume was the same one before and after. */
async function consistently<T>(root: string, read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await versionOf(root);
    try {
      const result = await read();
      if (before === (await versionOf(root))) return result;
    } catch (error) {
      const isMoving = error instanceof Vanished || before !== (await versionOf(root));
      if (!isMoving || attempt === attemptsMax) throw error;
    }
    if (attempt === attemptsMax)
      throw new ConfigurationError(
        `was replaced ${attemptsMax} times while it was read. Try again`,
      );
  }
}

function versionOf(root: string): Promise<string> {
  return realpath(join(root, "..data")).catch(() => "");
}

const depthMax = 4;

interface Listing {
  readonly root: string;
  readonly prefix: string;
}

/** A file by its path from the root, with `/` between names; or a link that leads nowhere. */
interface Entry {
  readonly name: string;
  readonly isDangling: boolean;
}

/**
 * The files below a directory that begin with the prefix, through links. What belongs to others is
 * not even looked at.
 */
async function entriesIn(
  listing: Listing,
  below: string,
  depth: number,
): Promise<readonly Entry[]> {
  const { root, prefix } = listing;
  const names = (await readdir(join(root, below)).catch(relisted)).filter(
    (name) => !name.startsWith("."),
  );
  const found = await Promise.all(
    names.toSorted().map(async (each): Promise<readonly Entry[]> => {
      const name = below === "" ? each : `${below}/${each}`;
      const mayHoldOurs = name.startsWith(prefix) || prefix.startsWith(`${name}/`);
      if (!mayHoldOurs) return [];
      const kind = await kindOf(join(root, name));
      if (kind === "directory") return depth < depthMax ? entriesIn(listing, name, depth + 1) : [];
      return name.startsWith(prefix) ? [{ name, isDangling: kind === "dangling" }] : [];
    }),
  );
  return found.flat();
}

/** What a name stands for; `dangling` also where it was removed since it was listed. */
async function kindOf(path: string): Promise<"directory" | "file" | "dangling"> {
  try {
    return (await stat(path)).isDirectory() ? "directory" : "file";
  } catch (error) {
    return isAbsence(error) ? "dangling" : "file";
  }
}

type Result =
  | { readonly setting: Setting }
  | { readonly problem: Problem }
  | { readonly foreign: true };

interface Reading extends Listing {
  /** The root with all links resolved: what files must lie below. */
  readonly inside: string;
}

async function readEntry(
  { root, inside, prefix }: Reading,
  { name, isDangling }: Entry,
): Promise<Result> {
  const place = join(root, name);
  const path = name.slice(prefix.length).split(/[./]/);
  const refuse = (text: string): Result => ({ problem: { path: pathText(path), place, text } });
  const isForeign = fieldAt(path) === undefined;
  if (isDangling && isForeign) return { foreign: true };
  if (isDangling) await lstat(place).catch(relisted);
  if (isDangling)
    return refuse(
      "is a link to something that is not there. Mount what it names, or remove the link.",
    );
  try {
    const target = await realpath(place);
    if (!target.startsWith(inside.endsWith(sep) ? inside : `${inside}${sep}`))
      return refuse("is a link that leads out of the directory. Put the file itself there.");
    return { setting: { path, value: withoutLineEnd(withoutMark(await readText(target))), place } };
  } catch (error) {
    if (isAbsence(error) && isForeign) return { foreign: true };
    if (isAbsence(error)) throw new Vanished();
    if (error instanceof ConfigurationError) return refuse(`${error.message}.`);
    return refuse(
      `cannot be read (${systemCodeOf(error) ?? "unknown error"}). Let this process read it.`,
    );
  }
}

function isAbsence(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(systemCodeOf(error) ?? "");
}

function relisted(error: unknown): never {
  throw isAbsence(error) ? new Vanished() : error;
}
