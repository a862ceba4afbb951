import { expect, test } from "vitest";
import { clauses } from "./index.ts";

test("every id is unique, and is a family and a number", () => {
  const ids = clauses.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(
    ids.filter((id) => !/^(CACHE|PREFIX|LOCK|LEASE|FENCE|WATCH|FAULT|CLUSTER)-\d\d$/.test(id)),
  ).toEqual([]);
});

test("every title is unique", () => {
  expect(new Set(clauses.map(({ title }) => title)).size).toBe(clauses.length);
});
