/**
 * A release, rehearsed on a copy: all packages get one version, and exactly the public ones would
 * be published.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { withTools } from "./packing.ts";
import { run } from "./process.ts";
import { toolPath } from "./tools.ts";
import { isPublished, members, root } from "./workspace.ts";

const all = members();
const published = all.filter(isPublished);
let folder: string;
let emptyRegistry: Server;
let registryUrl: string;

beforeAll(async () => {
  emptyRegistry = createServer((_, response) =>
    response.writeHead(404, { "content-type": "application/json" }).end('{"error":"not found"}'),
  );
  await new Promise<void>((resolve) => emptyRegistry.listen(0, "127.0.0.1", resolve));
  registryUrl = `http://127.0.0.1:${(emptyRegistry.address() as AddressInfo).port}/`;
});

afterAll(() => emptyRegistry.close());

beforeEach(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "lingpai release ")));
  const documents = [
    "package.json",
    "pnpm-workspace.yaml",
    "LICENSE",
    ".changeset/config.json",
    "scripts/package.json",
  ];
  for (const path of [...documents, ...all.map((member) => `${member.path}/package.json`)]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(root, path), join(folder, path));
  }
  for (const path of [
    "node_modules",
    ...published.map((member) => `${member.path}/node_modules`),
  ].filter((path) => existsSync(join(root, path)))) {
    symlinkSync(join(root, path), join(folder, path), "junction");
  }
  writeFileSync(join(folder, ".gitignore"), "node_modules\n");
  await git("init", "--initial-branch=main");
  await git("add", ".");
  await git("commit", "--message=A copy");
  return () => rmSync(folder, { recursive: true, force: true });
});

function git(...args: string[]): Promise<string> {
  const identity = [
    "-c",
    "user.name=test",
    "-c",
    "user.email=test@example.com",
    "-c",
    "commit.gpgsign=false",
  ];
  return run("git", [...identity, ...args], { cwd: folder });
}

function changeset(...args: string[]): Promise<string> {
  return run(process.execPath, [toolPath("@changesets/cli", "changeset"), ...args], {
    cwd: folder,
    env: { ...withTools(), npm_config_registry: registryUrl },
  });
}

/** The version that each published package has in the copy. */
function versions(): Record<string, string> {
  return Object.fromEntries(
    published.map((member) => {
      const { name, version } = JSON.parse(
        readFileSync(join(folder, member.path, "package.json"), "utf8"),
      ) as {
        name: string;
        version: string;
      };
      return [name, version];
    }),
  );
}

test("a changeset for one package gives all of them its new version, and the change only its own log", async () => {
  const [one, other] = published;
  writeFileSync(
    join(folder, ".changeset/one.md"),
    `---\n"${one?.manifest.name}": minor\n---\n\nSays what changed.\n`,
  );
  await changeset("version");
  expect(new Set(Object.values(versions()))).toEqual(new Set(["0.1.0"]));
  expect(readFileSync(join(folder, one?.path ?? "", "CHANGELOG.md"), "utf8")).toContain(
    "Says what changed.",
  );
  expect(readFileSync(join(folder, other?.path ?? "", "CHANGELOG.md"), "utf8")).not.toContain(
    "Says what changed.",
  );
});

test("a breaking core makes a breaking version of every package that exports its types, and leaves one core in a user's tree", async () => {
  writeFileSync(
    join(folder, ".changeset/core.md"),
    '---\n"@lingpai/core": major\n---\n\nBreaks.\n',
  );
  await changeset("version");
  expect(new Set(Object.values(versions()))).toEqual(new Set(["1.0.0"]));
});

test("the publish plan names exactly the public packages", async () => {
  await changeset("publish-plan", "--output", "plan.json");
  const plan = readFileSync(join(folder, "plan.json"), "utf8");
  const named = new Set([...plan.matchAll(/"name":\s*"([^"]+)"/g)].map(([, name]) => name));
  expect([...named].toSorted()).toEqual(published.map(({ manifest }) => manifest.name).toSorted());
});

test("a dry run of publishing lists exactly the public packages", async () => {
  const args = [
    toolPath("pnpm"),
    "publish",
    "--recursive",
    "--dry-run",
    "--no-git-checks",
    "--report-summary",
    "--ignore-scripts",
    `--registry=${registryUrl}`,
  ];
  await run(process.execPath, args, { cwd: folder, env: withTools() });
  const { publishedPackages } = JSON.parse(
    readFileSync(join(folder, "pnpm-publish-summary.json"), "utf8"),
  ) as {
    publishedPackages: { name: string }[];
  };
  expect(publishedPackages.map(({ name }) => name).toSorted()).toEqual(
    published.map(({ manifest }) => manifest.name).toSorted(),
  );
});
