/**
 * Reads settings from a directory of mounted secrets, one file each, as Kubernetes and Docker make
 * them.
 */
import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { ConfigurationError, requireOptions } from "@lingpai/core";
import type { KindsOf } from "@lingpai/core";
import { InvalidConfigError } from "../../problem.ts";
import type { Problem } from "../../problem.ts";
import { fieldAt } from "../../schema/schema.ts";
import type { Setting } from "../../setting.ts";
import { pathText } from "../../setting.ts";
import type { ConfigSource, Scope } from "../../source.ts";
import { systemCodeOf } from "../../text/system-code.ts";
import { withoutLineEnd, withoutMark } from "../../text/pasted-text.ts";
import { checkedPollMs } from "../poll.ts";
import { readText } from "../../text/read-text.ts";
import { pollMsDefault, watchFiles } from "./watch-files.ts";
import { requireSourceWords } from "../source-options.ts";

export interface SecretsDirectoryOptions {
  /**
   * Only files with this prefix are read, and the prefix is removed. Use it for a shared directory.
   * @defaultValue ""
   */
  readonly prefix?: string;
  /** True allows the directory to be missing. @defaultValue false */
  readonly optional?: boolean;
  /** @defaultValue "environment" */
  readonly scope?: Scope;
  /**
   * How often the files are checked, beside listening for changes, in ms, from 100.
   * @defaultValue 10_000
   */
  readonly pollMs?: number;
}

/**
 * Makes a source of a directory with one file per setting. The file's name is the setting's:
 * `apps.main.secret`, or `secret` in a directory `main` in a directory `apps`. One line end at the
 * end of a file is not part of the value; other white space is refused. Names that begin with a dot
 * are ignored.
 *
 * Each file is checked separately. A dangling link, a pipe, a file above 1 MiB, or a link that
 * leads out of the directory is refused by its name. If a file disappears between listing and
 * reading, the directory is listed again. Only a missing directory counts as missing.
 *
 * Kubernetes replaces a volume as a whole, by moving the link `..data`. All files are read from the
 * same version.
 */
export function secretsDirectorySource(
  directory: string,
  options: SecretsDirectoryOptions = {},
): ConfigSource {
  if (typeof directory !== "string" || directory === "")
    throw new ConfigurationError(
      "secretsDirectorySource() needs the path of a directory, as text.",
      { rule: "source" },
    );
  requireOptions("secretsDirectorySource()", options, {
    optional: "boolean",
    pollMs: "number",
    prefix: "text",
    scope: "text",
  } satisfies KindsOf<SecretsDirectoryOptions>);
  requireSourceWords(options);
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
    super("does not exist. Mount it, or pass optional: true", { cause });
  }
}

/** A listed file has disappeared. The directory is being changed, so it is listed again. */
class Vanished extends ConfigurationError {
  constructor() {
    super("changed repeatedly while it was read. Try again");
  }
}

const attemptsMax = 5;

/** Reads until no file disappeared and the volume was the same before and after. */
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

/** A file by its path from the root, with `/` between names; or a dangling link. */
interface Entry {
  readonly name: string;
  readonly isDangling: boolean;
}

/**
 * Returns the files below a directory that have the prefix, through links. Other files are not
 * touched.
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

/** Returns the kind of a path; `dangling` also if it was removed after it was listed. */
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
  /** The root with all links resolved. All files must be below it. */
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
    return refuse("is a link whose target does not exist. Mount the target, or remove the link.");
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
      `cannot be read (${systemCodeOf(error) ?? "unknown error"}). Allow this process to read it.`,
    );
  }
}

function isAbsence(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(systemCodeOf(error) ?? "");
}

function relisted(error: unknown): never {
  throw isAbsence(error) ? new Vanished() : error;
}
