import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sealFileIn } from "./seal-key.ts";

let folder: string;
const sealed = (): string => join(folder, "data/lingpai.sqlite");
const open = (): ReturnType<typeof sealFileIn> => sealFileIn(join(folder, "data"), sealed());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lingpai-seal-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("a first start makes a key that only its user may read, and a second start reads it", async () => {
  const first = await open();
  expect(first).toMatchObject({ isNew: true, path: join(folder, "data/seal.key") });
  expect((await stat(first.path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, "data"))).mode & 0o777).toBe(0o700);
  expect(Buffer.from(first.key, "base64")).toHaveLength(32);
  expect(await open()).toEqual({ ...first, isNew: false });
});

test("simultaneous starts agree on one key, and leave no temporary file", async () => {
  const all = await Promise.all(Array.from({ length: 8 }, open));
  expect(new Set(all.map(({ key }) => key)).size).toBe(1);
  expect(all.filter(({ isNew }) => isNew)).toHaveLength(1);
  expect(await readdir(join(folder, "data"))).toEqual(["seal.key"]);
});

test("a key that others may read is refused", async () => {
  const { path } = await open();
  await chmod(path, 0o640);
  await expect(open()).rejects.toThrow(`chmod 600 ${path}`);
});

test("a missing key is not replaced while the data that it sealed exists", async () => {
  const { path } = await open();
  await writeFile(sealed(), "");
  await rm(path);
  await expect(open()).rejects.toThrow("Restore the key from a copy");
  expect(await readdir(join(folder, "data"))).toEqual(["lingpai.sqlite"]);
});

test("an invalid key is refused, and not shown", async () => {
  const { key, path } = await open();
  await writeFile(path, key.slice(0, 20));
  const refused = await open().catch((error: unknown) => String(error));
  expect(refused).toContain("holds no key of 32 bytes");
  expect(refused).not.toContain(key.slice(0, 20));
  expect(await readFile(path, "utf8")).toBe(key.slice(0, 20));
});
