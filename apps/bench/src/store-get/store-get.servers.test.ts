import { expect, test } from "vitest";
import { storeGet } from "./store-get.ts";

test("pnpm bench store-get measures each adapter beside the client that it uses", async () => {
  const figures = await storeGet.run("quick");
  const ours = figures.filter(({ contender }) => contender.startsWith("lingpai"));
  expect(ours.map(({ contender }) => contender)).toEqual([
    "lingpai adapter-postgres",
    "lingpai adapter-sqlite",
    "lingpai adapter-upstash",
  ]);
  for (const { ratio, value } of figures) {
    expect(value).toBeGreaterThan(0);
    expect(ratio).toBeGreaterThan(0);
  }
});
