/**
 * Runs the repository's own lint configuration on small trees: each rule must fail where it should,
 * and only there.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import plugin from "./plugin.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const oxlint = join(
  dirname(createRequire(import.meta.url).resolve("oxlint/package.json")),
  "bin/oxlint",
);

type Case = readonly [rule: string, path: string, source: string];

/** Code that must fail, and the rule that must report it. */
const failing: readonly Case[] = [
  ["lingpai/no-ambient-time", "packages/a/src/clock.ts", "export const now = () => Date.now();"],
  ["lingpai/no-ambient-time", "packages/a/src/pass.ts", "export const now = Date.now;"],
  ["lingpai/no-ambient-time", "packages/a/src/date.ts", "export const now = () => new Date();"],
  [
    "lingpai/no-ambient-time",
    "packages/a/src/timer.ts",
    "export const sleep = (done: () => void) => setTimeout(done, 5);",
  ],
  [
    "lingpai/no-ambient-time",
    "packages/a/src/global.ts",
    "export const every = (done: () => void) => globalThis.setInterval(done, 5);",
  ],
  [
    "lingpai/no-ambient-time",
    "packages/a/src/signal.ts",
    "export const soon = () => AbortSignal.timeout(5);",
  ],
  [
    "lingpai/no-ambient-time",
    "packages/core/src/performance.ts",
    "export const now = () => performance.now();",
  ],
  [
    "lingpai/no-ambient-time",
    "packages/core/src/sleep.test.ts",
    'import { setTimeout } from "node:timers/promises";\nawait setTimeout(5);',
  ],
  ["lingpai/no-ambient-time", "packages/a/src/time.ts", "export const now = () => Date.now();"],
  [
    "lingpai/no-ambient-random",
    "packages/a/src/dice.ts",
    "export const dice = () => Math.random();",
  ],
  [
    "lingpai/no-ambient-random",
    "apps/b/src/id.ts",
    'import { randomUUID } from "node:crypto";\nexport const id = () => randomUUID();',
  ],
  [
    "lingpai/no-ambient-random",
    "packages/a/src/web.ts",
    "export const id = () => globalThis.crypto.randomUUID();",
  ],
  [
    "lingpai/dependency-direction",
    "packages/core/src/driver.ts",
    'import { LRUCache } from "lru-cache";\nexport const cache = () => new LRUCache({ max: 1 });',
  ],
  [
    "lingpai/dependency-direction",
    "packages/core/src/random.ts",
    'export * from "./cache/cache.ts";',
  ],
  [
    "lingpai/dependency-direction",
    "packages/core/src/lock/lock.ts",
    'import type { Lease } from "../lease/lease.ts";\nexport type Held = Lease;',
  ],
  [
    "lingpai/dependency-direction",
    "packages/core/src/manager/manager.ts",
    'export * from "../index.ts";',
  ],
  [
    "lingpai/dependency-direction",
    "packages/core/src/manager/fake.ts",
    'export * from "../testing/index.ts";',
  ],
  [
    "lingpai/dependency-direction",
    "packages/core/src/cache/watch.ts",
    'export * from "../events/events.ts";',
  ],
  [
    "lingpai/dependency-direction",
    "packages/wechat/src/default.ts",
    'export { memory } from "@lingpai/adapter-memory";',
  ],
  [
    "lingpai/dependency-direction",
    "packages/wechat/src/lazy.ts",
    'export const memory = () => import("@lingpai/adapter-memory");',
  ],
  [
    "lingpai/dependency-direction",
    "packages/wechat/src/reach.ts",
    'export * from "../../core/src/index.ts";',
  ],
  ["lingpai/no-test-evasion", "packages/a/src/skip.test.ts", 'test.skip("x", () => {});'],
  ["lingpai/no-test-evasion", "packages/a/src/only.test.ts", 'describe.only("x", () => {});'],
  [
    "lingpai/no-test-evasion",
    "packages/a/src/each.redis.test.ts",
    'test.only.each([1])("x", () => {});',
  ],
  ["lingpai/no-test-evasion", "packages/a/src/todo.test.ts", 'it.todo("x");'],
  ["lingpai/no-test-evasion", "packages/a/src/retry.test.ts", 'test("x", { retry: 3 }, () => {});'],
  [
    "lingpai/no-real-time-in-unit-tests",
    "packages/a/src/wait.test.ts",
    'import { delay, systemClock } from "@lingpai/core";\nawait delay(systemClock, 5);',
  ],
  [
    "lingpai/no-unexplained-double-cast",
    "packages/a/src/cast.ts",
    "export const text = (value: number) => value as unknown as string;",
  ],
  [
    "lingpai/no-unexplained-suppression",
    "packages/a/src/hush.ts",
    "// oxlint-disable-next-line no-debugger\nexport const a = 1;",
  ],
  [
    "lingpai/no-module-state",
    "packages/a/src/state.ts",
    "export const seen = new Map<string, number>();",
  ],
  [
    "lingpai/no-module-state",
    "packages/a/src/counter.ts",
    "let count = 0;\nexport const next = () => ++count;",
  ],
  [
    "lingpai/no-whole-store-command",
    "packages/a/src/keys.ts",
    'export const all = (client: { send(...args: string[]): void }) => client.send("KEYS", "*");',
  ],
  [
    "lingpai/no-whole-store-command",
    "packages/a/src/flush.ts",
    "export const clear = (client: { flushdb(): void }) => client.flushdb();",
  ],
  [
    "lingpai/no-whole-store-command",
    "packages/a/src/script.ts",
    "export const script = `return redis.call('KEYS', ARGV[1])`;",
  ],
  [
    "typescript/no-explicit-any",
    "packages/a/src/any.ts",
    "export const a = (value: any) => value;",
  ],
  [
    "typescript/ban-ts-comment",
    "packages/a/src/ignore.ts",
    "// @ts-ignore it is fine, really\nexport const a = 1;",
  ],
  [
    "typescript/ban-ts-comment",
    "packages/a/src/expect.ts",
    "// @ts-expect-error\nexport const a = 1;",
  ],
  [
    "eslint/max-lines-per-function",
    "packages/a/src/long.ts",
    `export function long() {\n${"  console.log();\n".repeat(70)}}`,
  ],
];

/** Code that must pass: the places and forms that the rules allow. */
const passing: readonly Case[] = [
  [
    "lingpai/no-ambient-time",
    "packages/core/src/time/time.ts",
    "export const now = () => Date.now();",
  ],
  [
    "lingpai/no-ambient-time",
    "packages/a/src/parse.ts",
    "export const parse = (text: string) => new Date(text);",
  ],
  [
    "lingpai/no-ambient-time",
    "packages/core/src/testing/settle.ts",
    'export { x } from "./x.ts";\nimport { setImmediate } from "node:timers/promises";\nawait setImmediate();',
  ],
  ["lingpai/no-ambient-random", "packages/core/src/ids/random.test.ts", "export const a = 1;"],
  [
    "lingpai/dependency-direction",
    "packages/core/src/manager.test.ts",
    'import { memory } from "@lingpai/adapter-memory";\nmemory();',
  ],
  [
    "lingpai/dependency-direction",
    "packages/core/src/manager/status.ts",
    'export * from "../errors.ts";\nexport * from "../state/state.ts";',
  ],
  [
    "lingpai/dependency-direction",
    "packages/core/src/scenarios/fleet.fixture.ts",
    'export * from "../testing/index.ts";',
  ],
  [
    "lingpai/dependency-direction",
    "apps/cli/src/main.ts",
    'export * from "@lingpai/adapter-memory";',
  ],
  [
    "lingpai/no-test-evasion",
    "packages/a/src/stream.test.ts",
    'import { list } from "./list.ts";\ntest("x", () => list.skip(1));',
  ],
  [
    "lingpai/no-real-time-in-unit-tests",
    "packages/a/src/wait.redis.test.ts",
    'import { delay, systemClock } from "@lingpai/core";\nawait delay(systemClock, 5);',
  ],
  [
    "lingpai/no-unexplained-double-cast",
    "packages/a/src/explained.ts",
    "// The driver's own type leaves this method out.\nexport const text = (value: number) => value as unknown as string;",
  ],
  [
    "lingpai/no-unexplained-suppression",
    "packages/a/src/said.ts",
    "// oxlint-disable-next-line no-debugger -- the debugger is the feature here\nexport const a = 1;",
  ],
  [
    "lingpai/no-module-state",
    "packages/a/src/attached.ts",
    "export const stores = new WeakMap<object, string>();",
  ],
  [
    "lingpai/no-module-state",
    "packages/a/src/table.ts",
    "export const names = new Map([[1, 'a']]);",
  ],
  ["lingpai/no-whole-store-command", "packages/a/src/mapping.ts", 'export const field = "keys";'],
];

let folder: string;
let found: ReadonlyMap<string, ReadonlySet<string>>;

/** The rules that each file breaks, by path. */
function lint(cases: readonly Case[]): ReadonlyMap<string, ReadonlySet<string>> {
  for (const [, path, source] of cases) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `${source}\n`);
  }
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [oxlint, "--format=json", "packages", "apps"],
    { cwd: folder, encoding: "utf8" },
  );
  if (!stdout.startsWith("{")) throw new Error(`oxlint failed: ${stdout}${stderr}`);
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: readonly { code: string; filename: string }[];
  };
  const byPath = new Map<string, Set<string>>();
  for (const { code, filename } of diagnostics) {
    const path = filename.replaceAll("\\", "/");
    byPath.set(path, (byPath.get(path) ?? new Set()).add(code.replace(/^(.+)\((.+)\)$/, "$1/$2")));
  }
  return byPath;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lingpai lint "));
  cpSync(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
  cpSync(join(root, "scripts/lint"), join(folder, "scripts/lint"), { recursive: true });
  found = lint([...failing, ...passing]);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the lint rules", () => {
  test.for(failing)("%s stops %s", ([rule, path]) => {
    expect([...(found.get(path) ?? [])]).toContain(rule);
  });

  test.for(passing)("%s lets %s be", ([rule, path]) => {
    expect([...(found.get(path) ?? [])]).not.toContain(rule);
  });

  test("every rule of the repository is an error in the configuration and has a failing case", () => {
    const { rules } = JSON.parse(readFileSync(join(root, ".oxlintrc.json"), "utf8")) as {
      rules: Record<string, unknown>;
    };
    for (const name of Object.keys(plugin.rules).map((rule) => `lingpai/${rule}`)) {
      expect(rules[name], name).toBe("error");
      expect(failing.map(([rule]) => rule)).toContain(name);
    }
  });
});
