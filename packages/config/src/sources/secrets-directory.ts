/** Settings from a directory of mounted secrets, one file each: Kubernetes, Docker, and what behaves like them. */
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ConfigurationError } from "@lingpai/core";
import { InvalidConfigError } from "../problem.ts";
import type { Setting } from "../setting.ts";
import { pathText } from "../setting.ts";
import type { ConfigSource, Scope } from "../source.ts";
import { withoutLineEnd, withoutMark } from "../text.ts";
import { checkedPollMs } from "./poll.ts";
import { decodeText } from "./read-text.ts";
import { pollMsDefault, watchFiles } from "./watch-files.ts";

export interface SecretsDirectoryOptions {
  /** Only files whose names begin with this are read, less it: for a directory that others use too. @defaultValue "" */
  readonly prefix?: string;
  /** Whether the directory may be missing. @defaultValue false */
  readonly optional?: boolean;
  /** @defaultValue "environment" */
  readonly scope?: Scope;
  /** How often the files are looked at, beside listening for changes, in ms, from 100. @defaultValue 10_000 */
  readonly pollMs?: number;
}

/**
 * A file per setting, named by it: `apps.main.secret`, or `secret` in a directory `main` in a directory `apps`. One line end at the end of a
 * file is not part of the value; other white space is refused. Names that begin with a dot are passed over.
 *
 * A Kubernetes volume is replaced as a whole, by moving the link `..data`: all files are read from the same version of it.
 */
export function secretsDirectorySource(directory: string, options: SecretsDirectoryOptions = {}): ConfigSource {
  const { prefix = "", optional = false, scope = "environment", pollMs = pollMsDefault } = options;
  checkedPollMs(pollMs, 100);
  const root = resolve(directory);
  const namesNow = async (): Promise<readonly string[]> => {
    try {
      return (await namesIn(root, "", 0)).filter((name) => name.startsWith(prefix));
    } catch (error) {
      const isAbsent = error instanceof Error && "code" in error && error.code === "ENOENT";
      if (isAbsent && optional) return [];
      throw isAbsent ? new ConfigurationError("is not there. Mount it, or pass optional: true", { cause: error }) : error;
    }
  };
  const readOnce = async (): Promise<readonly Setting[]> => {
    const names = await namesNow();
    return Promise.all(names.map((name) => readSetting(root, name, prefix)));
  };
  return {
    name: `directory ${root}`,
    scope,
    load: () => consistently(root, readOnce),
    watch: (context) =>
      watchFiles(
        async () => [join(root, "..data"), ...(await namesNow().catch(() => [])).map((name) => join(root, name))],
        context,
        pollMs,
      ),
  };
}

const attemptsMax = 5;

/** Reads until the volume was the same one before and after. While it is being replaced, files of the old version may be gone. */
async function consistently<T>(root: string, read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await versionOf(root);
    try {
      const result = await read();
      if (before === (await versionOf(root))) return result;
    } catch (error) {
      if (before === (await versionOf(root)) || attempt === attemptsMax) throw error;
    }
    if (attempt === attemptsMax) throw new ConfigurationError(`was replaced ${attemptsMax} times while it was read. Try again`);
  }
}

function versionOf(root: string): Promise<string> {
  return realpath(join(root, "..data")).catch(() => "");
}

const depthMax = 4;

/** The files below a directory, by their paths from it, through links. */
async function namesIn(root: string, below: string, depth: number): Promise<readonly string[]> {
  const entries = (await readdir(join(root, below))).filter((name) => !name.startsWith("."));
  const found = await Promise.all(
    entries.toSorted().map(async (entry) => {
      const name = below === "" ? entry : `${below}/${entry}`;
      if (!(await stat(join(root, name))).isDirectory()) return [name];
      return depth < depthMax ? namesIn(root, name, depth + 1) : [];
    }),
  );
  return found.flat();
}

async function readSetting(root: string, name: string, prefix: string): Promise<Setting> {
  const place = join(root, name);
  const path = name.slice(prefix.length).split(/[./]/);
  const bytes = await readFile(place);
  try {
    return { path, value: withoutLineEnd(withoutMark(decodeText(bytes))), place };
  } catch (error) {
    const text = error instanceof ConfigurationError ? `${error.message}.` : "cannot be read as text.";
    throw new InvalidConfigError(`The directory ${root}`, [{ path: pathText(path), place, text }]);
  }
}
