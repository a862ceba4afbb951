/** Adding an adapter touches nothing but its own folder, and what is generated compiles, lints and is found by every tool. */
import {
  cpSync,
  existsSync,
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
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newAdapter } from "./new-adapter.ts";
import { run } from "./process.ts";
import { checkFiles, checkMember } from "./shape.ts";
import { toolPath } from "./tools.ts";
import { members, root, sourceFiles } from "./workspace.ts";

let folder: string;
let written: readonly string[];

/** A workspace of its own that borrows core and conformance. */
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "lingpai adapter ")));
  for (const path of ["tsconfig.base.json", ".oxlintrc.json", ".oxfmtrc.json"]) cpSync(join(root, path), join(folder, path));
  cpSync(join(root, "scripts/lint"), join(folder, "scripts/lint"), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  written = newAdapter("foo-store", folder);
  const scope = join(folder, "packages/adapter-foo-store/node_modules/@lingpai");
  mkdirSync(scope, { recursive: true });
  for (const name of ["core", "conformance"]) symlinkSync(join(root, "packages", name), join(scope, name), "junction");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a generated adapter", () => {
  test("consists of what is the same everywhere, and two files to write", () => {
    const names = written.map((path) => path.replace("packages/adapter-foo-store/", ""));
    expect(names).toEqual([
      "README.md",
      "package.json",
      "src/conformance.fixture.ts",
      "src/conformance.test.ts",
      "src/index.ts",
      "tsconfig.json",
    ]);
    for (const path of written) expect(readFileSync(join(folder, path), "utf8")).not.toContain("{{");
  });

  test("compiles", async () => {
    const path = join(folder, "packages/adapter-foo-store");
    const config = {
      extends: "./tsconfig.json",
      compilerOptions: { noEmit: true, composite: false, incremental: false, tsBuildInfoFile: null, types: ["node"], rootDir: null },
      references: [],
      include: ["src"],
    };
    writeFileSync(join(path, "tsconfig.check.json"), JSON.stringify(config));
    await expect(run(process.execPath, [toolPath("typescript", "tsc"), "-p", "tsconfig.check.json"], { cwd: path })).resolves.toBe("");
  });

  test("passes the lint rules and the score sheet", async () => {
    await expect(
      run(process.execPath, [toolPath("oxlint"), "--deny-warnings", "packages/adapter-foo-store/src"], { cwd: folder }),
    ).resolves.toContain("0 errors");
    const [member] = members(folder);
    expect(member && checkMember(member, [member])).toEqual([]);
    expect(checkFiles(sourceFiles(folder))).toEqual([]);
  });

  test("is formatted", async () => {
    await expect(run(process.execPath, [toolPath("oxfmt"), "--check", ...written], { cwd: folder })).resolves.toContain("correct format");
  });

  test("is found as a member of the workspace", () => {
    expect(members(folder).map(({ manifest }) => manifest.name)).toEqual(["@lingpai/adapter-foo-store"]);
  });
});

test.for(["Foo", "foo_store", "adapter-foo", "", "../foo"])("%j is no name for an adapter", (name) => {
  expect(() => newAdapter(name, folder)).toThrow(/no name for an adapter/);
});

test("an adapter that is there is not overwritten", () => {
  expect(() => newAdapter("foo-store", folder)).toThrow(/there already/);
});

/**
 * Files that would have to change with every new adapter if they named one: all but adapters, apps, tests, documents and the lockfile.
 * A package's own manifest may name one for its tests; that it is for tests only is checked by the score sheet.
 */
function sharedFiles(): string[] {
  const inRoot = readdirSync(root, { withFileTypes: true }).filter(
    (entry) => entry.isFile() && !/\.md$|^pnpm-lock\.yaml$/.test(entry.name),
  );
  const below = [".changeset", ".ci", ".github", "scripts"].flatMap((name) => filesBelow(name));
  // Private packages are tests and what tests need.
  const packages = members().filter(
    ({ path, manifest }) => path.startsWith("packages/") && !path.startsWith("packages/adapter-") && !manifest.private,
  );
  const sources = packages.flatMap(({ path }) => filesBelow(`${path}/src`));
  return [...inRoot.map((entry) => entry.name), ...below, ...sources].filter(
    (path) => existsSync(join(root, path)) && !/\.(test|fixture|types)\.ts$|\.md$|node_modules/.test(path),
  );
}

function filesBelow(path: string): string[] {
  if (!existsSync(join(root, path))) return [];
  return readdirSync(join(root, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

test("no shared file names an adapter", () => {
  const names = members()
    .filter(({ path }) => path.startsWith("packages/adapter-"))
    .map(({ path }) => path.replace("packages/", ""));
  const naming = sharedFiles().flatMap((path) => {
    const code = readFileSync(join(root, path), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$|^\s*#.*$/gm, "");
    return names.filter((name) => new RegExp(`${name}(?![\\w-])`).test(code)).map((name) => `${path} names ${name}`);
  });
  expect(names).not.toHaveLength(0);
  expect(naming).toEqual([]);
});
