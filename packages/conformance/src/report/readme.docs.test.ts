import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { clauses } from "../clauses/index.ts";
import { discover } from "./discover.ts";
import { withGenerated } from "./readme.ts";
import { familyTable } from "./table.ts";

test("the README shows for every backend of the workspace how many clauses apply", async () => {
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const backends = await discover(fileURLToPath(new URL("../../../../", import.meta.url)));
  expect(backends.length).toBeGreaterThan(0);
  expect(readme, "run `pnpm conformance --write`").toBe(
    withGenerated(readme, familyTable(clauses, backends)),
  );
});
