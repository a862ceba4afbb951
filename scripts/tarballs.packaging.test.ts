/**
 * What a user gets: each published package, packed, in an empty project, on each Node that it
 * supports.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "rolldown";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blocksOf } from "./blocks.ts";
import { lostDeclarations, misplaced, type Packed, packAll } from "./packing.ts";
import { run } from "./process.ts";
import { recordingRegistry } from "./recording-registry.ts";
import { nodeMajors, nodePath, toolPath, typescriptPath } from "./tools.ts";
import { lingpaiIn } from "./lingpai-in.ts";
import { isPublished, type Member, members, root } from "./workspace.ts";

const published = members().filter(isPublished);
let folder: string;
let packed: ReadonlyMap<string, Packed>;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "lingpai packaging ")));
  mkdirSync(join(folder, "tarballs"));
  const all = await packAll(join(folder, "tarballs"));
  packed = new Map(all.map((one) => [one.member.path, one]));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function packedOf(member: Member): Packed {
  const found = packed.get(member.path);
  if (found === undefined) throw new Error(`${member.path} was not packed`);
  return found;
}

/** Optional peers, without which one subpath of their name cannot be used. */
function optionalPeers(member: Member): string[] {
  const meta =
    (member.manifest as { peerDependenciesMeta?: Record<string, { optional?: boolean }> })
      .peerDependenciesMeta ?? {};
  return Object.keys(meta).filter((name) => meta[name]?.optional);
}

function versionInWorkspace(member: Member, name: string): string {
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    devDependencies: Record<string, string>;
  };
  return (
    member.manifest.devDependencies?.[name] ??
    devDependencies[name] ??
    member.manifest.peerDependencies?.[name] ??
    "*"
  );
}

/**
 * An empty project that depends on these packages alone. It cannot reach undeclared dependencies
 * (no hoisting).
 */
async function emptyProject(dependsOn: readonly Member[]): Promise<string> {
  const names = dependsOn.map(({ path }) => path.replace("/", "-")).join(" ");
  // A name may have 255 bytes.
  const project = mkdtempSync(join(folder, `${names.slice(0, 80)} `));
  const peers = dependsOn.flatMap((member) =>
    optionalPeers(member).map((name) => [name, versionInWorkspace(member, name)]),
  );
  const own = dependsOn.map((member) => [member.manifest.name, `file:${packedOf(member).tarball}`]);
  const dependencies = Object.fromEntries([...own, ...peers]);
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ name: "empty", private: true, dependencies }),
  );
  const overrides = Object.fromEntries(
    [...packed.values()].map((one) => [one.member.manifest.name, `file:${one.tarball}`]),
  );
  const settings = {
    packages: ["."],
    overrides,
    hoist: false,
    autoInstallPeers: true,
    ignoreScripts: true,
    preferOffline: true,
  };
  writeFileSync(join(project, "pnpm-workspace.yaml"), JSON.stringify(settings));
  await run(process.execPath, [toolPath("pnpm"), "install", "--no-frozen-lockfile"], {
    cwd: project,
  });
  return project;
}

/** The names by which a user imports it: `@lingpai/core`, `@lingpai/core/testing`, … */
function entryPoints({ manifest }: Member): string[] {
  const subpaths = Object.keys(manifest.publishConfig?.exports ?? {}).filter(
    (subpath) => subpath !== "./package.json",
  );
  return subpaths.map((subpath) => `${manifest.name}${subpath.slice(1)}`);
}

const check = `
import { createRequire } from "node:module";
import { deepStrictEqual, notStrictEqual } from "node:assert";
const require = createRequire(import.meta.url);
for (const name of process.argv.slice(2)) {
  const imported = Object.keys(await import(name));
  notStrictEqual(imported.length, 0, name + " exports nothing");
  deepStrictEqual(Object.keys(require(name)).filter((key) => key !== "__esModule").sort(), imported.sort(), name + " differs between import and require");
}
console.log("used " + process.argv.slice(2).length);
`;

async function expectUsable(major: number, member: Member, project: string): Promise<void> {
  const node = nodePath(major);
  const bindings = optionalPeers(member).map((peer) => `${member.manifest.name}/${peer}`);
  const plain = entryPoints(member).filter((name) => !bindings.includes(name));
  writeFileSync(join(project, "check.mjs"), check);
  expect(await run(node, ["check.mjs", ...plain], { cwd: project })).toBe(`used ${plain.length}\n`);
  for (const file of Object.values(shippedBins(project, member))) {
    const shipped = join(project, "node_modules", member.manifest.name, file);
    expect(await run(node, [shipped, "--help"], { cwd: project }), `${file} --help`).not.toBe("");
  }
}

function shippedBins(project: string, { manifest }: Member): Record<string, string> {
  const shipped = JSON.parse(
    readFileSync(join(project, "node_modules", manifest.name, "package.json"), "utf8"),
  ) as {
    bin?: string | Record<string, string>;
  };
  return typeof shipped.bin === "string" ? { [manifest.name]: shipped.bin } : (shipped.bin ?? {});
}

/** An entry point named after a test runner only loads inside that runner. */
async function expectBindingsUsable(member: Member, project: string): Promise<void> {
  if (!optionalPeers(member).includes("vitest")) return;
  const name = `${member.manifest.name}/vitest`;
  writeFileSync(
    join(project, "binding.test.mjs"),
    `import { expect, test } from "vitest";\nimport * as binding from "${name}";\ntest("loads", () => expect(Object.keys(binding)).not.toHaveLength(0));\n`,
  );
  const vitest = join(project, "node_modules/vitest/vitest.mjs");
  for (const major of nodeMajors)
    expect(await run(nodePath(major), [vitest, "run"], { cwd: project })).toMatch(/1 passed/);
}

describe.for(published)("$manifest.name, packed", (member) => {
  test("ships code and documents and nothing else", () => {
    const sources = readdirSync(join(member.folder, "src"), {
      recursive: true,
      encoding: "utf8",
    }).map((path) => path.replaceAll("\\", "/"));
    const { files } = packedOf(member);
    expect(misplaced(files, new Set(sources))).toEqual([]);
    expect(lostDeclarations(member.folder, files)).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "package.json"]));
  });

  test("passes publint --strict", async () => {
    expect(
      await run(
        process.execPath,
        [toolPath("publint"), "run", packedOf(member).tarball, "--strict"],
        { cwd: folder },
      ),
    ).toContain("All good!");
  });

  test("passes attw for ESM", async () => {
    const args = [
      toolPath("@arethetypeswrong/cli", "attw"),
      packedOf(member).tarball,
      "--profile",
      "esm-only",
      "--no-definitely-typed",
      "--no-color",
      "--no-emoji",
    ];
    expect(await run(process.execPath, args, { cwd: folder })).toContain(member.manifest.name);
  });

  test(`works by import and by require in an empty project on Node ${nodeMajors.join(", ")}`, async () => {
    const project = await emptyProject([member]);
    for (const major of nodeMajors) await expectUsable(major, member, project);
    await expectBindingsUsable(member, project);
  });
});

test("a registry receives one version of each, with its English page and nothing of the workspace", async () => {
  const registry = await recordingRegistry();
  writeFileSync(join(folder, ".npmrc"), `${registry.url.replace("http:", "")}:_authToken=none\n`);
  const flags = ["--registry", registry.url, "--userconfig", join(folder, ".npmrc")];
  try {
    for (const member of published) {
      const args = ["publish", packedOf(member).tarball, "--ignore-scripts", ...flags];
      await run("npm", args, { cwd: folder });
    }
  } finally {
    registry.close();
  }
  const { publications } = registry;
  const names = published.map(({ manifest }) => manifest.name);
  expect(publications.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  expect(new Set(publications.map(({ manifest }) => manifest["version"])).size).toBe(1);
  for (const { name, access, readme, manifest, archive } of publications) {
    expect(access, name).toBe("public");
    expect(JSON.stringify(manifest), name).not.toMatch(/workspace:|"\.\/src\//);
    expect(manifest["repository"], name).toMatchObject({ directory: expect.any(String) });
    expect(manifest, name).toMatchObject({ license: "MIT", author: expect.anything() });
    // npm shows the first README of the archive when the client sends none.
    const pages = [...archive.toString("latin1").matchAll(/package\/(README[^\0]*)\0/gi)];
    expect(
      pages.map(([, page]) => page),
      name,
    ).toEqual(["README.md"]);
    if (readme !== undefined) expect(readme, name).toContain(`# ${name}`);
  }
});

test("npx lingpai demo, serve and doctor work in an empty folder", async () => {
  const project = await emptyProject(membersNamed(["lingpai"]));
  const { demo, doctor, served } = await lingpaiIn(project);
  expect(demo).toMatch(/With Lingpai: \d+ calls, 0 failed/);
  expect(served).toMatchObject({ isHealthy: true });
  expect(JSON.parse(doctor)).toMatchObject({ isHealthy: true });
});

/** The oldest supported version, which the README states, and the newest. */
const compilers = [
  { version: "5.4", modes: ["node16", "bundler"] },
  { version: "7.0", modes: ["nodenext", "bundler"] },
] as const;

describe.for(compilers)("TypeScript $version", ({ version, modes }) => {
  test.for(modes)("reads the types of every package, resolved as %s", async (mode) => {
    const project = await typedProject();
    const module = mode === "bundler" ? "esnext" : mode;
    const flags = `--noEmit --strict --target es2022 --lib es2022 --types node --module ${module} --moduleResolution ${mode}`;
    const args = [typescriptPath(version), ...flags.split(" "), "all.mts"];
    expect(await run(process.execPath, args, { cwd: project })).toBe("");
  });
});

let typed: Promise<string> | undefined;

/** A project that imports every entry point of every package. */
function typedProject(): Promise<string> {
  typed ??= emptyProject(published).then((project) => {
    const names = published.flatMap(entryPoints);
    const lines = names.map((name, at) => `import * as m${at} from "${name}";\nvoid m${at};`);
    writeFileSync(join(project, "all.mts"), `${lines.join("\n")}\n`);
    mkdirSync(join(project, "node_modules/@types"), { recursive: true });
    const nodeTypes = realpathSync(join(root, "node_modules/@types/node"));
    symlinkSync(nodeTypes, join(project, "node_modules/@types/node"), "junction");
    return project;
  });
  return typed;
}

function membersNamed(names: readonly string[]): Member[] {
  return published.filter(({ manifest }) => names.includes(manifest.name));
}

test("Jest loads them in a CommonJS project with the recipe's configuration", async () => {
  const names = ["@lingpai/wechat", "@lingpai/adapter-memory", "@lingpai/wechat-simulator"];
  const project = await emptyProject(membersNamed(names));
  // The locked versions, because an installation of Jest would use the newest of that day.
  const tools = join(root, "scripts/node_modules");
  for (const name of ["jest", "@babel/plugin-transform-modules-commonjs"]) {
    mkdirSync(dirname(join(project, "node_modules", name)), { recursive: true });
    symlinkSync(realpathSync(join(tools, name)), join(project, "node_modules", name), "junction");
  }
  const recipe = blocksOf(readFileSync(join(root, "docs/recipes/jest.md"), "utf8")).find(
    ({ code }) => code.startsWith("module.exports"),
  );
  writeFileSync(join(project, "jest.config.js"), recipe?.code ?? "");
  const required = names
    .map((name) => `expect(Object.keys(require("${name}"))).not.toHaveLength(0);`)
    .join(" ");
  writeFileSync(join(project, "a.test.js"), `test("required", () => { ${required} });\n`);
  const jest = join(project, "node_modules/jest/bin/jest.js");
  const env = { NODE_OPTIONS: "" };
  for (const major of [22, 24])
    expect(
      await run("bash", ["-c", `"${nodePath(major)}" "${jest}" 2>&1`], { cwd: project, env }),
    ).toContain("1 passed");
});

/** The costs for a user. A commit that raises one of them must say what users get for it. */
const budgets = { coreUnpackedKb: 650, bundledKb: 70, importOfClient: 2.5 };

test(`core unpacks to at most ${budgets.coreUnpackedKb} kB`, async () => {
  const core = published.find(({ path }) => path === "packages/core");
  const listing = await run("tar", ["-tvzf", packedOf(core as Member).tarball], { cwd: folder });
  const bytes = listing
    .split("\n")
    .reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[2] ?? 0), 0);
  console.log(`core unpacks to ${Math.round(bytes / 1000)} kB`);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes / 1000).toBeLessThan(budgets.coreUnpackedKb);
});

test("the client with the ioredis adapter stays small, and quick to import beside ioredis itself", async () => {
  const names = ["@lingpai/wechat", "@lingpai/adapter-ioredis"];
  const project = await emptyProject(membersNamed(names));
  const hidden = join(project, "node_modules/@lingpai/adapter-ioredis");
  const ioredis = pathToFileURL(
    createRequire(join(realpathSync(hidden), "package.json")).resolve("ioredis"),
  ).href;
  const used =
    'export { wechat } from "@lingpai/wechat";\nexport { ioredisStore } from "@lingpai/adapter-ioredis";\n';
  writeFileSync(join(project, "used.mjs"), used);
  const bundle = await build({
    input: join(project, "used.mjs"),
    external: [/^node:/, /^ioredis/],
    platform: "node",
    write: false,
    output: { minify: true },
  });
  const kb = gzipSync(bundle.output[0].code).length / 1000;

  const timing = (name: string): string =>
    `const before = process.cpuUsage(); await import("${name}"); const { user, system } = process.cpuUsage(before); console.log(user + system);`;
  writeFileSync(join(project, "ours.mjs"), timing("./used.mjs"));
  writeFileSync(join(project, "theirs.mjs"), timing(ioredis));
  const env = { NODE_DISABLE_COMPILE_CACHE: "1" };
  const shortest = { "ours.mjs": Infinity, "theirs.mjs": Infinity };
  for (let round = 0; round < 5; round++) {
    for (const file of ["ours.mjs", "theirs.mjs"] as const) {
      shortest[file] = Math.min(
        shortest[file],
        Number(await run(process.execPath, [file], { cwd: project, env })),
      );
    }
  }
  const ratio = shortest["ours.mjs"] / shortest["theirs.mjs"];
  console.log(
    `client and adapter: ${kb.toFixed(1)} kB minified and gzipped; their import takes ${ratio.toFixed(2)} of ioredis's CPU`,
  );
  expect(kb).toBeLessThan(budgets.bundledKb);
  expect(ratio).toBeLessThan(budgets.importOfClient);
});
