import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { changedFiles, reached } from "./changed.ts";

const member = (path: string, dependencies: Record<string, string> = {}) => ({
  path,
  manifest: {
    name: path.replace("packages/", "@lingpai/"),
    version: "0.0.0",
    devDependencies: dependencies,
  },
});
const members = [
  member("packages/core"),
  member("packages/wechat", { "@lingpai/core": "workspace:*" }),
  member("apps/e2e", { "@lingpai/wechat": "workspace:*" }),
  member("packages/wechat-simulator"),
];

test("a change affects its package, all that depend on it directly or not, and the workspace's own tests", () => {
  expect(reached(["packages/wechat/src/a.ts"], members)).toEqual([
    "packages/wechat/",
    "apps/e2e/",
    "scripts/",
  ]);
  expect(reached(["packages/wechat-simulator/README.md"], members)).toEqual([
    "packages/wechat-simulator/",
    "scripts/",
  ]);
});

test("a change of documents affects the tests that read them", () => {
  expect(reached(["README.md", "docs/faults.md"], members)).toEqual(["scripts/"]);
});

test("a change outside the packages affects everything", () => {
  expect(reached(["packages/core/src/a.ts", "vitest.config.ts"], members)).toEqual([]);
});

test("commits since main, changed files and new files count as changes", () => {
  const folder = mkdtempSync(join(tmpdir(), "lingpai changed "));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const git = (...args: string[]): unknown =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], {
      cwd: folder,
      stdio: "ignore",
    });
  const commit = (name: string): void => {
    writeFileSync(join(folder, name), name);
    git("add", ".");
    git("commit", "-m", name);
  };
  git("init", "-b", "main");
  commit("old");
  git("checkout", "-b", "branch");
  commit("committed");
  writeFileSync(join(folder, "old"), "changed");
  writeFileSync(join(folder, "a new one"), "");
  expect(changedFiles(folder)).toEqual(["committed", "old", "a new one"]);
});
