/**
 * Notices that files have changed, however they are replaced: in place, by an editor's rename, or
 * by a symbolic link that is moved.
 */
import { watch as watchDirectory } from "node:fs";
import type { FSWatcher } from "node:fs";
import { lstat, readlink, realpath, stat } from "node:fs/promises";
import { join, parse, resolve, sep } from "node:path";
import type { WatchContext } from "../../source.ts";

/**
 * How often files are looked at, beside listening: network and overlay file systems do not tell of
 * every change.
 */
export const pollMsDefault = 10_000;

/**
 * Calls `changed` when something happens in a directory that decides what these files are, or when
 * a look at them shows a difference. Settles when the signal aborts. Does not keep the process
 * alive.
 *
 * The directories are watched, not the files: a file that is replaced takes its watch with it.
 * Along a chain of symbolic links each link's directory is watched, as any of them may be moved.
 * `list` never rejects.
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
   * Listens where the files are now, until they are the same after as before: what happened before
   * a directory was listened to shows in them.
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

/** Calls `act` again and again, a while after it has ended, until the signal aborts. */
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
 * Watches on directories, each known by its inode: one that was removed and made again is another.
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
   * Where the system refuses (too many watches, a file system without them), looking at intervals
   * remains.
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
 * The directories in which a change can make `path` another file: its own, and that of every link
 * on the way to it.
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
 * The directory of the first link on the way, and the path as it goes on behind it; at the end, or
 * where nothing is, the last directory.
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
 * Another text whenever one of the files is another, as far as that can be told without reading it,
 * or lies behind other directories.
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
