import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { clauses } from "../clauses/index.ts";
import { mutants } from "../mutants/index.ts";
import { discover } from "./discover.ts";
import { lostDaily } from "./kill-table.ts";

test("no clause and no mutant is left to the nightly run that is not held or killed daily on the same adapter and server", async () => {
  const backends = await discover(fileURLToPath(new URL("../../../../", import.meta.url)));
  expect(backends.filter(({ daily }) => daily !== undefined).length).toBeGreaterThan(0);
  expect(lostDaily(backends, clauses, mutants)).toEqual([]);
});
