import { describe, expect, test } from "vitest";
import { checkFiles, checkMember, checkRoot, checkWorkflow } from "./shape.ts";
import { project, type Manifest, type Member } from "./workspace.ts";

const { bugs = "", author = "", repository } = project();

const manifest: Manifest = {
  name: "@lingpai/thing",
  version: "0.0.0",
  description: "A thing",
  keywords: ["thing", "other thing", "third thing"],
  bugs,
  author,
  scripts: { prepack: "tsc -b tsconfig.build.json" },
  license: "MIT",
  type: "module",
  engines: { node: ">=22.12" },
  files: ["dist", "CHANGELOG.md"],
  exports: { ".": "./src/index.ts" },
  publishConfig: { access: "public", exports: { ".": "./dist/index.js" } },
};

function member(changes: Partial<Manifest>, path = "packages/thing"): Member {
  const homepage = `${repository.url.replace("git+", "").replace(".git", "")}/tree/main/${path}#readme`;
  const found = { type: "git", url: repository.url, directory: path };
  return {
    group: path.startsWith("apps") ? "apps" : "packages",
    path,
    folder: "",
    readme: "npm i @lingpai/thing\n",
    hasChangelog: true,
    manifest: { ...manifest, homepage, repository: found, ...changes },
  };
}

const source = (path: string, bytes: number) => ({
  path: `packages/thing/src/${path}`,
  text: "x".repeat(bytes),
});

describe("the score sheet", () => {
  test("accepts a small tree with ordinary names", () => {
    expect(
      checkFiles([
        source("index.ts", 100),
        source("wait-queue.test.ts", 20_000),
        source("testing/manual-clock.ts", 4_096),
      ]),
    ).toEqual([]);
  });

  test("rejects a source file above 12 kB, but not a test", () => {
    expect(
      checkFiles([
        source("a.ts", 1),
        source("b.ts", 1),
        source("huge.ts", 12_289),
        source("huge.test.ts", 12_289),
      ]),
    ).toEqual([expect.stringContaining("huge.ts has 12289 bytes")]);
  });

  test("rejects a median above 4 kB", () => {
    expect(checkFiles([source("a.ts", 5_000), source("b.ts", 5_000), source("c.ts", 1)])).toEqual([
      expect.stringContaining("the median source file has 5000 bytes"),
    ]);
  });

  test.for(["WaitQueue.ts", "wait_queue.ts", "waitQueue.test.ts"])(
    "rejects %s, which is not kebab-case",
    (name) => {
      expect(checkFiles([source(name, 1)])).toEqual([expect.stringContaining("kebab-case")]);
    },
  );

  test("rejects an adapter above 200 lines and a binding above 15", () => {
    const file = (name: string, lines: number) => ({
      path: `packages/adapter-x/src/${name}`,
      text: "x\n".repeat(lines),
    });
    expect(checkFiles([file("index.ts", 200), file("index.test.ts", 15)])).toEqual([]);
    expect(checkFiles([file("index.ts", 201), file("index.test.ts", 16)])).toHaveLength(2);
  });

  test("counts the tracked files in the root, not the generated ones", () => {
    const entries = Array.from({ length: 30 }, (_, index) => `file-${index}`);
    expect(checkRoot([...entries, "node_modules", ".git", ".turbo"])).toEqual([]);
    expect(checkRoot([...entries, "one-more"])).toHaveLength(1);
  });
});

describe("a package.json", () => {
  test("passes when it is complete", () => {
    expect(checkMember(member({}), [])).toEqual([]);
  });

  test("is rejected if there is no README beside it", () => {
    expect(checkMember({ ...member({}), readme: "" }, [])).toEqual(
      expect.arrayContaining([expect.stringContaining("has no README.md")]),
    );
  });

  test("is rejected if the README imports a package that it does not install", () => {
    const readme =
      '```text\nnpm i @lingpai/thing\n```\n\n```ts\nimport { Redis } from "ioredis";\n```\n';
    expect(checkMember({ ...member({}), readme }, [])).toEqual([
      expect.stringContaining("npm i ioredis"),
    ]);
  });

  test("is rejected if the README has a link that npm cannot follow", () => {
    const readme = "npm i @lingpai/thing\n\n[a](#part), [b](https://example.com), [c](../core)\n";
    expect(checkMember({ ...member({}), readme }, [])).toEqual([
      expect.stringContaining("links to ../core"),
    ]);
  });

  test("is rejected if there is no change log beside it", () => {
    expect(checkMember({ ...member({}), hasChangelog: false }, [])).toEqual([
      expect.stringContaining("has no CHANGELOG.md"),
    ]);
  });

  const incomplete: readonly (readonly [string, Partial<Manifest>])[] = [
    ["license", { license: "UNLICENSED" }],
    ["type", { type: "commonjs" }],
    ["description", { description: "" }],
    ["engines", { engines: {} }],
    ["access", { publishConfig: { exports: { ".": "./dist/index.js" } } }],
    ["keywords", { keywords: [] }],
    ["homepage", { homepage: "https://example.com" }],
    ["bugs", { bugs: "https://example.com" }],
    ["author", { author: "" }],
    ["repository", { repository: { type: "git", url: repository.url } }],
    ["CHANGELOG.md", { files: ["dist"] }],
    ["prepack", { scripts: {} }],
    [
      "exports ., ./testing here",
      { exports: { ".": "./src/index.ts", "./testing": "./src/testing.ts" } },
    ],
  ];
  test.for(incomplete)("is rejected for its %s", ([what, changes]) => {
    expect(checkMember(member(changes), [])).toEqual([
      expect.stringContaining(what.replace("., ", ".,")),
    ]);
  });

  test("of core is rejected for any runtime dependency", () => {
    expect(
      checkMember(member({ dependencies: { "lru-cache": "1" } }, "packages/core"), []),
    ).toEqual([expect.stringContaining("core depends on nothing")]);
  });

  test("of a package is rejected for depending on an adapter, but that of an app is not", () => {
    const changes = { dependencies: { "@lingpai/adapter-x": "workspace:^" } };
    expect(checkMember(member(changes), [])).toEqual([
      expect.stringContaining("only apps and tests may"),
    ]);
    expect(checkMember(member(changes, "apps/thing"), [])).toEqual([]);
  });

  test("is rejected for publishing a package that depends on a private one", () => {
    const hidden = member({ name: "@lingpai/hidden", private: true });
    expect(
      checkMember(member({ dependencies: { "@lingpai/hidden": "workspace:^" } }), [hidden]),
    ).toEqual([expect.stringContaining("nobody could install it")]);
  });
});

test("a workflow is rejected for an action that is named by a tag", () => {
  const commit = "8488615a623b1b9c987934bb89eae8af6a946ac1";
  expect(
    checkWorkflow("ci.yml", `- uses: a/b@${commit} # v1\n- uses: ./.github/actions/prepare\n`),
  ).toEqual([]);
  expect(checkWorkflow("ci.yml", "- uses: a/b@v5\n")).toEqual([expect.stringContaining("a/b@v5")]);
});
