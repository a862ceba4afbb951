import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { clauses } from "../clauses/index.ts";
import { mutants } from "../mutants/index.ts";
import { discover } from "./discover.ts";
import { lostDaily } from "./kill-table.ts";

test("every clause and every mutant that only the nightly run checks on a backend is checked daily on another one", async () => {
  const backends = await discover(fileURLToPath(new URL("../../../../", import.meta.url)));
  expect(backends.filter(({ daily }) => daily !== undefined).length).toBeGreaterThan(0);
  expect(lostDaily(backends, clauses, mutants)).toEqual([]);
});
