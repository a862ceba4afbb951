/**
 * A new adapter changes nothing outside its own folder, and the generated code compiles, passes the
 * linter and is found by every tool.
 */
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
import type { AdapterKind } from "./new-adapter.ts";
import { run } from "./process.ts";
import { checkFiles, checkMember } from "./shape.ts";
import { toolPath } from "./tools.ts";
import { members, root, sourceFiles } from "./workspace.ts";

const kinds: readonly Required<AdapterKind>[] = [
  { remote: false, lock: true },
  { remote: true, lock: true },
  { remote: false, lock: false },
  { remote: true, lock: false },
];

/** A workspace of its own that borrows the dependencies of adapters' tests. */
function workspaceWith(written: (folder: string) => readonly string[]): {
  readonly folder: string;
  readonly written: readonly string[];
} {
  const made = realpathSync(mkdtempSync(join(tmpdir(), "lingpai adapter ")));
  for (const path of ["tsconfig.base.json", ".oxlintrc.json", ".oxfmtrc.json"])
    cpSync(join(root, path), join(made, path));
  cpSync(join(root, "scripts/lint"), join(made, "scripts/lint"), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(made, "node_modules"), "junction");
  const paths = written(made);
  const scope = join(made, "packages/adapter-foo-store/node_modules/@lingpai");
  mkdirSync(scope, { recursive: true });
  for (const name of ["core", "conformance", "adapter-memory"])
    symlinkSync(join(root, "packages", name), join(scope, name), "junction");
  return { folder: made, written: paths };
}

describe.each(kinds)("a generated adapter with %o", (kind) => {
  let own: string;
  let written: readonly string[];

  beforeAll(() => {
    ({ folder: own, written } = workspaceWith((path) => newAdapter("foo-store", path, kind)));
  });
  afterAll(() => rmSync(own, { recursive: true, force: true }));

  test("consists of generated files, and two files for its author to write", () => {
    const names = written.map((path) => path.replace("packages/adapter-foo-store/", ""));
    expect(names).toEqual([
      "CHANGELOG.md",
      "README.md",
      "package.json",
      "src/conformance.fixture.ts",
      "src/conformance.test.ts",
      "src/index.ts",
      "tsconfig.build.json",
      "tsconfig.json",
    ]);
    for (const path of written) expect(readFileSync(join(own, path), "utf8")).not.toContain("{{");
  });

  test("compiles", async () => {
    const path = join(own, "packages/adapter-foo-store");
    const config = {
      extends: "./tsconfig.json",
      compilerOptions: {
        noEmit: true,
        composite: false,
        incremental: false,
        tsBuildInfoFile: null,
        types: ["node"],
        rootDir: null,
      },
      references: [],
      include: ["src"],
    };
    writeFileSync(join(path, "tsconfig.check.json"), JSON.stringify(config));
    await expect(
      run(process.execPath, [toolPath("typescript", "tsc"), "-p", "tsconfig.check.json"], {
        cwd: path,
      }),
    ).resolves.toBe("");
  });

  test("passes the lint rules and the score sheet", async () => {
    await expect(
      run(
        process.execPath,
        [toolPath("oxlint"), "--deny-warnings", "packages/adapter-foo-store/src"],
        { cwd: own },
      ),
    ).resolves.toContain("0 errors");
    const [member] = members(own);
    expect(member && checkMember(member, [member])).toEqual([]);
    expect(checkFiles(sourceFiles(own))).toEqual([]);
  });

  test("is formatted", async () => {
    await expect(
      run(process.execPath, [toolPath("oxfmt"), "--check", ...written], { cwd: own }),
    ).resolves.toContain("correct format");
  });

  test("is found as a member of the workspace", () => {
    expect(members(own).map(({ manifest }) => manifest.name)).toEqual([
      "@lingpai/adapter-foo-store",
    ]);
  });

  test("fails only the clauses about methods that are not written yet", async () => {
    const failures = await failuresIn(own);
    expect(failures.length).toBeGreaterThan(20);
    expect(failures.filter((failure) => !failure.includes("is not written yet"))).toEqual([]);
  });

  test(
    "fails no clause once the methods are written, without a change to its facts",
    { timeout: 240_000 },
    async () => {
      // The other tests expect the methods to be missing, in whatever order they run.
      const { folder } = workspaceWith((path) => newAdapter("foo-store", path, kind));
      write(folder, kind);
      expect(await failuresIn(folder)).toEqual([]);
      rmSync(folder, { recursive: true, force: true });
    },
  );
});

/** Runs the clauses in the generated adapter, as its own test does. */
async function failuresIn(workspace: string): Promise<readonly string[]> {
  const cwd = join(workspace, "packages/adapter-foo-store");
  const script = `
    import { inspect } from "node:util";
    import { runClauses } from "@lingpai/conformance";
    import { backends } from "./src/conformance.fixture.ts";
    const { outcomes } = await runClauses(backends[0], { concurrency: 32 });
    const failed = outcomes.filter(({ status }) => status === "failed");
    console.log(JSON.stringify(failed.map(({ id, error }) => id + " " + inspect(error, { depth: 8 }).slice(0, 2_000))));
    process.exit();`;
  return JSON.parse(
    await run(process.execPath, ["--input-type=module", "--eval", script], {
      cwd,
      timeoutMs: 200_000,
    }),
  ) as string[];
}

/**
 * The methods as an author would write them, here with the memory adapter's drivers, but without
 * their notifications.
 */
function write(workspace: string, { remote, lock }: Required<AdapterKind>): void {
  const source = join(workspace, "packages/adapter-foo-store/src");
  const change = (file: string, changes: readonly (readonly [RegExp | string, string])[]): void => {
    let text = readFileSync(join(source, file), "utf8");
    for (const [before, after] of changes) {
      const changed = text.replace(before, after);
      expect(changed, `${file} has ${before}`).not.toBe(text);
      text = changed;
    }
    writeFileSync(join(source, file), text);
  };
  const borrowed = (driver: string): string =>
    `Object.assign(Object.create(client.${driver}), { watch: undefined, onRelease: undefined })`;
  const conditional = `set: (name, value, write) => {
      if (write.ifVersion !== undefined) throw unconditionalOnly();
      return client.entries.set(name, value, write);
    }, delete: async (name, ifVersion) => {
      if (ifVersion !== undefined) throw unconditionalOnly();
      return client.entries.delete(name);
    }`;
  change("index.ts", [
    [
      /(function cacheDriver.*\n {2}return )[\s\S]*?\n {2}\};/,
      `$1${lock ? borrowed("entries") : `Object.assign(${borrowed("entries")}, { ${conditional} })`};`,
    ],
    ...(lock
      ? ([
          [/(function lockDriver.*\n {2}return )[\s\S]*?\n {2}\};/, `$1${borrowed("leases")};`],
        ] as const)
      : []),
  ]);
  change("conformance.fixture.ts", [
    [/^/, 'import { memoryStore } from "@lingpai/adapter-memory";\n'],
    remote
      ? ["store: {},", "store: shared,"]
      : [/Client = \{\};/, "Client = memoryStore({ clock });"],
    ...(remote
      ? ([
          ["async function connect", "const shared = memoryStore();\nasync function connect"],
        ] as const)
      : []),
  ]);
}

test.for(["Foo", "foo_store", "adapter-foo", "", "../foo"])(
  "%j is refused as a name for an adapter",
  (name) => {
    expect(() => newAdapter(name, tmpdir())).toThrow(/no name for an adapter/);
  },
);

test("an existing adapter is not overwritten", () => {
  expect(() => newAdapter("memory")).toThrow(/there already/);
});

/**
 * Files that would have to change with every new adapter if they named one: all except adapters,
 * apps, tests, documents and the lockfile. A package's own manifest may name one for its tests; the
 * score sheet checks that it is for tests only.
 */
function sharedFiles(): string[] {
  const inRoot = readdirSync(root, { withFileTypes: true }).filter(
    (entry) => entry.isFile() && !/\.md$|^pnpm-lock\.yaml$/.test(entry.name),
  );
  const below = [".changeset", ".ci", ".github", "scripts"].flatMap((name) => filesBelow(name));
  // Private packages are tests, and helpers of tests.
  const packages = members().filter(
    ({ path, manifest }) =>
      path.startsWith("packages/") && !path.startsWith("packages/adapter-") && !manifest.private,
  );
  const sources = packages.flatMap(({ path }) => filesBelow(`${path}/src`));
  return [...inRoot.map((entry) => entry.name), ...below, ...sources].filter(
    (path) =>
      existsSync(join(root, path)) &&
      !/\.(test|fixture|types)\.ts$|\.md$|node_modules/.test(path) &&
      // A package with rooms gets a row there. A new adapter has no rooms.
      path !== "scripts/lint/rooms.ts" &&
      // It has no mended faults yet either.
      !path.startsWith("scripts/regressions/rows/"),
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
    const code = readFileSync(join(root, path), "utf8").replace(
      /\/\*[\s\S]*?\*\/|\/\/.*$|^\s*#.*$/gm,
      "",
    );
    return names
      .filter((name) => new RegExp(`${name}(?![\\w-])`).test(code))
      .map((name) => `${path} names ${name}`);
  });
  expect(names).not.toHaveLength(0);
  expect(naming).toEqual([]);
});
