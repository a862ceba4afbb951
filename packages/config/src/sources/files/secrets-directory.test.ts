import type * as Files from "node:fs/promises";
import { mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ManualClock } from "@lingpai/core/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { loadConfig, openConfig } from "../../live/open-config.ts";
import { problemText } from "../../problem.ts";
import { appId, refusalOf, secret, world } from "../../world.fixture.ts";
import { objectSource } from "../object.ts";
import { secretsDirectorySource } from "./secrets-directory.ts";
import { valuesOf, watched } from "../watched.fixture.ts";

let directory = "";
const rotated = "0123456789abcdef0123456789abcdef";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lingpai-secrets-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

/**
 * Writes a version of the volume as the kubelet does: a directory of its own, then one atomic move
 * of the link `..data`.
 */
async function mount(
  version: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  const target = `..2026_05_${version}`;
  await mkdir(join(directory, target));
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(directory, target, name), content);
    await symlink(join("..data", name), join(directory, name)).catch(() => undefined);
  }
  await symlink(target, join(directory, "..data_tmp"));
  await rename(join(directory, "..data_tmp"), join(directory, "..data"));
}

describe("a directory of mounted secrets", () => {
  test("yields a setting per file, without one line end", async () => {
    await mount("1", {
      "apps.main.secret": `${secret}\n`,
      "store.password": "p w\r\n",
      "store.sealing.keys.2026-05": "k",
    });
    expect(await valuesOf(secretsDirectorySource(directory))).toEqual([
      ["apps.main.secret", secret, join(directory, "apps.main.secret")],
      ["store.password", "p w", join(directory, "store.password")],
      ["store.sealing.keys.2026-05", "k", join(directory, "store.sealing.keys.2026-05")],
    ]);
  });

  test("may have its files in directories, as projected volumes can", async () => {
    await mkdir(join(directory, "apps/main"), { recursive: true });
    await writeFile(join(directory, "apps/main/secret"), secret);
    expect(await valuesOf(secretsDirectorySource(directory))).toEqual([
      ["apps.main.secret", secret, join(directory, "apps/main/secret")],
    ]);
  });

  test("that is shared with others is read by its prefix", async () => {
    await writeFile(join(directory, "lingpai.store.password"), "p");
    await writeFile(join(directory, "database_password"), "q");
    expect(await valuesOf(secretsDirectorySource(directory, { prefix: "lingpai." }))).toEqual([
      ["store.password", "p", join(directory, "lingpai.store.password")],
    ]);
  });

  test("refuses a file that cannot be a value, by its name", async () => {
    await mount("1", {
      "apps.main.secret": `${secret} \n`,
      "store.pasword": "p",
      "apps.other.secret": new Uint8Array([0xff, 0xfe, 0x61, 0]),
    });
    const load = (): Promise<unknown> =>
      loadConfig(
        world(objectSource({ apps: { main: { appId } } }), secretsDirectorySource(directory))
          .options,
      );
    expect(await refusalOf(load())).toContain(
      `${join(directory, "apps.other.secret")}: apps.other.secret is UTF-16. Save it as UTF-8.`,
    );
    await rm(join(directory, "apps.other.secret"));
    const message = await refusalOf(load());
    expect(message).toContain(
      `${join(directory, "apps.main.secret")}: apps.main.secret has a space (U+0020) at position 33. Remove it.`,
    );
    expect(message).toContain(
      `${join(directory, "store.pasword")}: store.pasword is not known. Did you mean password?`,
    );
  });

  test("must exist, unless it is optional", async () => {
    const missing = join(directory, "none");
    expect(await refusalOf(valuesOf(secretsDirectorySource(missing)))).toBe(
      "does not exist. Mount it, or pass optional: true",
    );
    expect(await valuesOf(secretsDirectorySource(missing, { optional: true }))).toEqual([]);
  });

  test("reports when the volume is replaced, and every value is then of the new version", async () => {
    await mount("1", { "apps.main.secret": secret, "store.password": "one" });
    const source = watched(secretsDirectorySource(directory));
    await source.changed(1);
    for (const [version, text] of [
      ["2", rotated],
      ["3", secret],
    ] as const) {
      const before = source.changes;
      await mount(version, { "apps.main.secret": text, "store.password": version });
      await source.changed(before + 1);
      expect((await source.load()).map((value) => String(value).split(",")[1])).toEqual([
        text,
        version,
      ]);
    }
    await source.stop();
    expect(source.clock.pendingTimers).toBe(0);
  });

  test("never mixes two versions while it is replaced repeatedly", async () => {
    await mount("0", { "apps.main.secret": "0", "store.password": "0" });
    const source = secretsDirectorySource(directory);
    let isDone = false;
    const replacing = (async () => {
      for (let version = 1; version <= 40; version += 1)
        await mount(String(version), {
          "apps.main.secret": String(version),
          "store.password": String(version),
        });
      isDone = true;
    })();
    let reads = 0;
    while (!isDone) {
      const values = await valuesOf(source).catch((error: unknown) =>
        String(error).includes("was replaced") ? [] : Promise.reject(error),
      );
      expect(new Set(values.map((value) => String(value).split(",")[1])).size).toBeLessThanOrEqual(
        1,
      );
      reads += 1;
    }
    await replacing;
    expect(reads).toBeGreaterThan(3);
  });

  test("ignores a dangling link that is no setting, and refuses one that is, while the last good secret stays in force", async () => {
    await mount("1", { "apps.main.secret": rotated });
    await symlink("gone", join(directory, "tls.crt"));
    const beneath = objectSource({ apps: { main: { appId, secret } } });
    const { clock, options } = world(beneath, secretsDirectorySource(directory));
    const config = await openConfig({ ...options, ...patient });
    const secretNow = (): string | undefined => config.current.apps["main"]?.secret?.reveal();
    expect(secretNow()).toBe(rotated);
    await symlink("gone", join(directory, "store.password"));
    expect((await settled(clock, config.reload())).map(problemText)).toEqual([
      `${join(directory, "store.password")}: store.password is a link whose target does not exist. Mount the target, or remove the link.`,
    ]);
    expect(secretNow()).toBe(rotated);
    await config.close();
  });

  test("yields every setting at every read while other files come and go beside them", async () => {
    await mount("1", { "apps.main.secret": secret, "store.password": "p" });
    let isDone = false;
    const churning = (async () => {
      for (let round = 0; round < 150; round += 1) {
        const name = join(directory, `upload-${round % 7}.tmp`);
        await writeFile(name, "x");
        await rm(name);
      }
      isDone = true;
    })();
    const counts = new Set<number>();
    const source = secretsDirectorySource(directory);
    while (!isDone) {
      const found = await valuesOf(source).catch((error: unknown) => [String(error)]);
      counts.add(
        found.filter((value) => /^(apps.main.secret|store.password),/.test(String(value))).length,
      );
    }
    await churning;
    expect([...counts]).toEqual([2]);
  });

  test("is listed again if a file was removed after it was listed", async () => {
    await writeFile(join(directory, "apps.main.secret"), secret);
    await writeFile(join(directory, "store.password"), "p");
    const actual = await vi.importActual<typeof Files>("node:fs/promises");
    const listings: string[][] = [];
    const readdir = async (path: string): Promise<string[]> => {
      const names = await actual.readdir(path);
      listings.push(names);
      await rm(join(directory, "store.password"), { force: true });
      return names;
    };
    // Test files share modules, so this one gets a copy of its own.
    vi.resetModules();
    vi.doMock("node:fs/promises", () => ({ ...actual, readdir }));
    try {
      const own = await import("./secrets-directory.ts");
      const found = await valuesOf(own.secretsDirectorySource(directory, { optional: true }));
      expect(found.map(String)).toEqual([expect.stringMatching(/^apps.main.secret,/)]);
      expect(listings.map((names) => names.length)).toEqual([2, 1]);
    } finally {
      vi.doUnmock("node:fs/promises");
      vi.resetModules();
    }
  });

  test("refuses a link that leads out of the directory, and files that are too large before it reads them", async () => {
    await mount("1", { "apps.main.secret": secret });
    const outside = join(tmpdir(), `lingpai-outside-${process.pid}`);
    await writeFile(outside, "not ours");
    await symlink(outside, join(directory, "store.password"));
    await writeFile(join(directory, "node"), "");
    await truncate(join(directory, "node"), 600 * 2 ** 20);
    const message = await refusalOf(valuesOf(secretsDirectorySource(directory)));
    await rm(outside);
    expect(message).toContain(
      "store.password is a link that leads out of the directory. Put the file itself there.",
    );
    expect(message).toContain(
      `${join(directory, "node")}: node has 629145600 bytes; the limit is 1048576.`,
    );
    expect(message).not.toContain("not ours");
  });

  test("that disappears while it is watched leaves its last settings in force, and is reported", async () => {
    await mount("1", { "apps.main.secret": rotated });
    const made = world(
      objectSource({ apps: { main: { appId, secret } } }),
      secretsDirectorySource(directory, { optional: true }),
    );
    const config = await openConfig({ ...made.options, ...patient });
    await rename(directory, `${directory}-away`);
    expect((await settled(made.clock, config.reload())).map(problemText)).toEqual([
      expect.stringContaining("is empty or missing, and had settings before"),
    ]);
    expect(config.current.apps["main"]?.secret?.reveal()).toBe(rotated);
    await rename(`${directory}-away`, directory);
    expect(await config.reload()).toEqual([]);
    await config.close();
  });
});

/** Virtual time passes while files are read in real time. */
const patient = { sourceDeadlineMs: 2 ** 31 - 1 };

/**
 * Lets virtual time pass until the work has ended. Reading files takes real time, the second read
 * of the debounce virtual time.
 */
async function settled<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let isDone = false;
  const done = work.finally(() => (isDone = true));
  while (!isDone) await clock.advance(100);
  return done;
}
