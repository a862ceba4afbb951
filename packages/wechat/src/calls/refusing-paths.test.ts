import { manualClock } from "@lingpai/core/testing";
import { expect, test } from "vitest";
import { RefusingPaths } from "./refusing-paths.ts";

test("a path that refused a live token is remembered for ten minutes, and the platform's confirmation for a second", async () => {
  const clock = manualClock();
  const paths = new RefusingPaths(clock);
  paths.add("/bad", "T1");
  expect([paths.has("/bad"), paths.has("/good")]).toEqual([true, false]);
  expect([
    paths.isSettled("/bad", "T1"),
    paths.isSettled("/bad", "T2"),
    paths.isSettled("/good", "T1"),
  ]).toEqual([true, false, false]);
  await clock.advance(1_000);
  expect([paths.has("/bad"), paths.isSettled("/bad", "T1")]).toEqual([true, false]);
  await clock.advance(599_000);
  expect(paths.has("/bad")).toBe(false);
});

test("a path is forgotten when it accepts a token", () => {
  const paths = new RefusingPaths(manualClock());
  paths.add("/bad");
  paths.delete("/bad");
  expect(paths.has("/bad")).toBe(false);
});

test("only the paths that refused last are remembered, if there are many", () => {
  const paths = new RefusingPaths(manualClock());
  for (let path = 0; path < 300; path += 1) paths.add(`/${path}`);
  paths.add("/50");
  expect([paths.has("/0"), paths.has("/43"), paths.has("/50"), paths.has("/299")]).toEqual([
    false,
    false,
    true,
    true,
  ]);
});
