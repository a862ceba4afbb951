import { expect, test } from "vitest";
import { clauses } from "./index.ts";

test("no id is used twice, and each is its family's and a number", () => {
  const ids = clauses.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(
    ids.filter((id) => !/^(CACHE|PREFIX|LOCK|LEASE|FENCE|WATCH|FAULT|CLUSTER)-\d\d$/.test(id)),
  ).toEqual([]);
});

test("every title is said once", () => {
  expect(new Set(clauses.map(({ title }) => title)).size).toBe(clauses.length);
});
