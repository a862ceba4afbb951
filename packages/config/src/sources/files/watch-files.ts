/**
 * Notices changes of files, however they are replaced: in place, by an editor's rename, or by a
 * symbolic link that is moved.
 */
import { watch as watchDirectory } from "node:fs";
import type { FSWatcher } from "node:fs";
import { lstat, readlink, realpath, stat } from "node:fs/promises";
import { join, parse, resolve, sep } from "node:path";
import type { WatchContext } from "../../source.ts";

/**
 * How often files are checked, beside listening, because network and overlay file systems do not
 * report every change.
 */
export const pollMsDefault = 10_000;

/**
 * Calls `changed` on an event in a directory of these files, and when a check finds a difference.
 * Settles when the signal aborts. Does not keep the process alive.
 *
 * It watches the directories, not the files, because a replaced file loses its watch. Along a chain
 * of symbolic links it watches each link's directory, as any of them may be moved. `list` never
 * rejects.
 */
export async function watchFiles(
  list: () => Promise<readonly string[]>,
  context: WatchContext,
  pollMs: number,
): Promise<void> {
  const { signal, changed } = context;
  const watched = new Directories(() => {
    changed();
    void follow();
  });
  let last = await signatureOf(list);
  let following = Promise.resolve();
  /**
   * Listens to the present directories of the files, and repeats until nothing changed meanwhile.
   * So a change before the listening began is noticed, too.
   */
  const follow = (): Promise<void> => {
    following = following.then(async () => {
      while (!signal.aborted) {
        const files = await list();
        await watched.become(new Set((await Promise.all(files.map(directoriesOf))).flat()));
        const now = await signatureOf(list);
        if (now === last) return;
        last = now;
        changed();
      }
    });
    return following;
  };
  await follow();
  changed();
  await everyUntil(context, pollMs, follow);
  watched.close();
}

/** Calls `act` repeatedly, with a pause after each call, until the signal aborts. */
async function everyUntil(
  { clock, signal }: WatchContext,
  pauseMs: number,
  act: () => Promise<void>,
): Promise<void> {
  await new Promise<void>((finish) => {
    if (signal.aborted) return finish();
    const arm = (): (() => void) =>
      clock.setTimer(
        pauseMs,
        () => void act().then(() => (signal.aborted ? undefined : (cancel = arm()))),
        { background: true },
      );
    let cancel = arm();
    const onAbort = (): void => {
      cancel();
      finish();
    };
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

/**
 * The watches on directories, each identified by its inode: a directory that was removed and
 * created again is another one.
 */
class Directories {
  readonly #notice: () => void;
  readonly #watchers = new Map<string, { readonly inode: number; readonly watcher: FSWatcher }>();
  #isClosed = false;

  constructor(notice: () => void) {
    this.#notice = notice;
  }

  async become(directories: ReadonlySet<string>): Promise<void> {
    const inodes = new Map<string, number | undefined>();
    for (const directory of directories) inodes.set(directory, await inodeOf(directory));
    if (this.#isClosed) return;
    for (const [directory, { inode, watcher }] of this.#watchers) {
      if (inodes.get(directory) === inode) continue;
      watcher.close();
      this.#watchers.delete(directory);
    }
    for (const [directory, inode] of inodes) {
      if (inode !== undefined && !this.#watchers.has(directory)) this.#open(directory, inode);
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const { watcher } of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /**
   * If the system refuses (too many watches, or a file system without them), the checks at
   * intervals remain.
   */
  #open(directory: string, inode: number): void {
    try {
      const watcher = watchDirectory(directory, { persistent: false }, this.#notice);
      watcher.on("error", () => {
        watcher.close();
        if (this.#watchers.get(directory)?.watcher === watcher) this.#watchers.delete(directory);
      });
      this.#watchers.set(directory, { inode, watcher });
    } catch {
      this.#watchers.delete(directory);
    }
  }
}

async function inodeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ ino }) => ino,
    () => undefined,
  );
}

const linksMax = 40;

/**
 * Returns the directories in which a change can make `path` another file: its own, and that of
 * every link on the way to it.
 */
async function directoriesOf(path: string): Promise<readonly string[]> {
  const found = new Set<string>();
  let target = resolve(path);
  for (let links = 0; links <= linksMax; links += 1) {
    const step = await firstLink(target);
    found.add(step.directory);
    if (step.next === undefined) break;
    target = step.next;
  }
  return [...found];
}

/**
 * Returns the directory of the first link on the way, and the path after it. Without a link, or
 * where nothing exists, returns the last directory.
 */
async function firstLink(
  path: string,
): Promise<{ readonly directory: string; readonly next: string | undefined }> {
  const { root } = parse(path);
  const names = path.slice(root.length).split(sep);
  let directory = root;
  for (const [index, name] of names.entries()) {
    const here = join(directory, name);
    const found = await lstat(here).catch(() => undefined);
    if (found === undefined) break;
    if (found.isSymbolicLink()) {
      const link = await readlink(here).catch(() => undefined);
      if (link === undefined) break;
      return { directory, next: join(resolve(directory, link), ...names.slice(index + 1)) };
    }
    if (!found.isDirectory() || index === names.length - 1) break;
    directory = here;
  }
  return { directory, next: undefined };
}

/**
 * Returns a text that differs if one of the files differs, as far as its metadata shows, or if its
 * directories differ.
 */
async function signatureOf(list: () => Promise<readonly string[]>): Promise<string> {
  const files = await list();
  const signatures = files.map(async (file) => {
    try {
      const [real, { ino, mtimeMs, size }] = await Promise.all([realpath(file), stat(file)]);
      return [file, real, ino, mtimeMs, size].join(" ");
    } catch {
      return `${file} absent: ${(await directoriesOf(file)).join(" ")}`;
    }
  });
  return (await Promise.all(signatures)).join("\n");
}
