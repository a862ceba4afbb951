import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "../../live/open-config.ts";
import { appId, refusalOf, secret, world } from "../../world.fixture.ts";
import { fileSource } from "./file.ts";
import { valuesOf, watched } from "../watched.fixture.ts";
import type { Watched } from "../watched.fixture.ts";

let directory = "";
const watches: Watched[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lingpai-file-"));
});

afterEach(async () => {
  for (const each of watches.splice(0)) await each.stop();
  await rm(directory, { recursive: true });
});

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

function watch(path: string): Watched {
  const made = watched(fileSource(path));
  watches.push(made);
  return made;
}

const refused = (path: string): Promise<string> =>
  refusalOf(loadConfig(world(fileSource(path)).options));

describe("a configuration file", () => {
  test("in YAML is overridden by its environment's overlay, value by value", async () => {
    const path = await write(
      "lingpai.yaml",
      `apps:\n  main:\n    appId: ${appId}\n    secret: ${secret}\n    mode: stable\n`,
    );
    const overlay = await write("lingpai.prod.yaml", "apps:\n  main:\n    mode: plain\n");
    await write("lingpai.staging.yaml", "apps:\n  main:\n    role: nonsense\n");
    const config = await loadConfig(world(fileSource(path)).options);
    expect(config.apps["main"]).toMatchObject({ appId, mode: "plain", role: "owner" });
    expect(config.values.map(({ place }) => place)).toEqual([
      `${path}:3`,
      `${path}:4`,
      `${overlay}:3`,
    ]);
    const without = await loadConfig(world(fileSource(path, { overlays: false })).options);
    expect(without.apps["main"]?.mode).toBe("stable");
  });

  test("in JSON yields the line of each value", async () => {
    const path = await write("lingpai.json", '{\r\n  "node": "api-1"\r\n}\r\n');
    expect(await valuesOf(fileSource(path))).toEqual([["node", "api-1", `${path}:2`]]);
  });

  test("in TypeScript may be an object or a function of the environment, and is evaluated again after a change", async () => {
    const path = await write(
      "lingpai.config.ts",
      `const node: string = "one";\nexport default { node };\n`,
    );
    expect(await valuesOf(fileSource(path))).toEqual([["node", "one", path]]);
    await writeFile(
      path,
      "export default async ({ environment }: { environment: string }) => ({ node: `in-${environment}` });\n",
    );
    expect(await valuesOf(fileSource(path))).toEqual([["node", "in-prod", path]]);
  });

  test.each([
    ["a.yaml", new Uint8Array([0xff, 0xfe, 0x61, 0x00]), "is UTF-16. Save it as UTF-8."],
    [
      "a.yaml",
      new Uint8Array([0xc1, 0xee, 0xc5, 0xc6]),
      "is not UTF-8; perhaps it is GBK. Save it as UTF-8.",
    ],
    [
      "a.yaml",
      new Uint8Array(1_048_577),
      "has 1048577 bytes; the limit is 1048576. Name another file.",
    ],
    ["a.json", "{ a }", "a.json:1: is where this stops being JSON"],
    ["a.mjs", "export const config = {};", "has no configuration as its default export"],
    ["b.mjs", "export default 1;", "has no configuration as its default export"],
    [
      "c.mjs",
      `const secret = "${secret}"; throw new RangeError(secret);`,
      "could not be evaluated (RangeError)",
    ],
  ])("%s that cannot be read is refused", async (name, content, text) => {
    const message = await refused(await write(name, content));
    expect(message).toContain(text);
    expect(message).not.toContain(secret.slice(0, 8));
  });

  test("must exist unless it is optional, and must have a known extension", async () => {
    const path = join(directory, "lingpai.yaml");
    expect(await refused(path)).toContain(
      `file ${path}: does not exist. Create it, or pass optional: true.`,
    );
    expect(await valuesOf(fileSource(path, { optional: true }))).toEqual([]);
    expect(() => fileSource("lingpai.toml")).toThrow(
      'lingpai.toml ends in ".toml". Give a file that ends in .yaml',
    );
    expect(() => fileSource("lingpai.yaml", { pollMs: 1 })).toThrow("pollMs is 1");
  });
});

describe("a watched file", () => {
  test("reports when it is written in place, and when its overlay appears", async () => {
    const path = await write("lingpai.yaml", "node: one\n");
    const source = watch(path);
    await source.changed(1);
    await writeFile(path, "node: two\n");
    await source.changed(2);
    const before = source.changes;
    await write("lingpai.prod.yaml", "node: three\n");
    await source.changed(before + 1);
    expect((await source.load()).map((value) => String(value).split(",")[1])).toEqual([
      "two",
      "three",
    ]);
  });

  test("reports each time an editor saves it by renaming another file over it", async () => {
    const path = await write("lingpai.yaml", "node: one\n");
    const source = watch(path);
    await source.changed(1);
    for (const node of ["two", "three"]) {
      const before = source.changes;
      await rename(await write("lingpai.yaml~", `node: ${node}\n`), path);
      await source.changed(before + 1);
      expect(await source.load()).toEqual([["node", node, `${path}:1`]]);
    }
  });

  test("reports when any link on the way to it is moved", async () => {
    for (const version of ["v1", "v2", "v3"]) {
      await mkdir(join(directory, version));
      await write(`${version}/lingpai.yaml`, `node: ${version}\n`);
    }
    await mkdir(join(directory, "etc"));
    await symlink("v1", join(directory, "current"));
    await symlink("../current/lingpai.yaml", join(directory, "etc/lingpai.yaml"));
    const path = join(directory, "etc/lingpai.yaml");
    const source = watch(path);
    await source.changed(1);
    for (const version of ["v2", "v3"]) {
      const before = source.changes;
      await symlink(version, join(directory, "next"));
      await rename(join(directory, "next"), join(directory, "current"));
      await source.changed(before + 1);
      expect(await source.load()).toEqual([["node", version, `${path}:1`]]);
    }
    const before = source.changes;
    await writeFile(join(directory, "v3/lingpai.yaml"), "node: v3b\n");
    await source.changed(before + 1);
    expect(await readFile(path, "utf8")).toBe("node: v3b\n");
  });

  test("reports when its directory is made, and when it is removed and made again", async () => {
    const path = join(directory, "late/lingpai.yaml");
    const made = watched(fileSource(path, { optional: true }));
    watches.push(made);
    await made.changed(1);
    for (const node of ["one", "two"]) {
      const before = made.changes;
      await mkdir(join(directory, "late"));
      await made.changed(before + 1);
      await write("late/lingpai.yaml", `node: ${node}\n`);
      await made.clock.advance(10_000);
      await made.changed(before + 2);
      expect(await made.load()).toEqual([["node", node, `${path}:1`]]);
      const there = made.changes;
      await rm(join(directory, "late"), { recursive: true });
      await made.changed(there + 1);
    }
  });

  test("leaves no timer behind", async () => {
    const source = watch(await write("lingpai.yaml", "node: one\n"));
    await source.changed(1);
    await source.stop();
    expect(source.clock.pendingTimers).toBe(0);
  });
});
