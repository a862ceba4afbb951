/** Checks that the conformance suite runs every client that the README names. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { backends } from "./conformance.fixture.ts";

/** The README's name of a client, and the library name that a backend shows. */
const libraries: Readonly<Record<string, readonly string[]>> = {
  "`DatabaseSync` of node:sqlite, `Database` of better-sqlite3": ["node:sqlite", "better-sqlite3"],
  "`Pool` of pg": ["pg"],
  "pool of mysql2": ["mysql2"],
  "client of @redis/client, iovalkey, ioredis": ["@redis/client", "iovalkey", "ioredis"],
  "`Etcd3`": ["etcd3"],
  "`Client` of memjs": ["memjs"],
  "the `Map`": ["Map"],
};

/** Splits `@keyv/redis` 5, 6 into @keyv/redis 5 and @keyv/redis 6. */
function adaptersIn(cell: string): string[] {
  return [...cell.matchAll(/`(@keyv\/\w+)` ([\d, ]+\d|\d)/g)].flatMap(([, name, versions = ""]) =>
    versions.split(", ").map((version) => `${name} ${version}`),
  );
}

test("the conformance suite runs every client that the README's table names", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const rows = [
    ...readme.matchAll(
      /^\| ([^|]+?) +\| ([^|]+?) +\| ([^|]+?) +\| (?:host|cluster|advisory|process)/gm,
    ),
  ];
  const named = rows.flatMap(([, , adapters = "", native = ""]) => [
    ...adaptersIn(adapters),
    ...(libraries[native] ?? [`(${native})`]),
  ]);
  const run = backends.map(({ backend }) => backend);

  expect(named.length).toBeGreaterThan(14);
  expect(
    named.filter(
      (name) => !run.some((backend) => new RegExp(`(^|, )${name}( \\d+)?(,|$)`).test(backend)),
    ),
  ).toEqual([]);
});
