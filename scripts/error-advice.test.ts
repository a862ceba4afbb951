import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const comment = /^\s*(\/\/|\/?\*)/;
/**
 * In a text for people: an advice to delete what is stored. What cannot be read may still be ours,
 * and the only copy.
 */
const advice =
  /["'`].*\b(delete|drop|erase|del) (it|them|the (key|entry|record|document|value))\b/i;

describe("the texts of errors", () => {
  it("never advise to delete a key: its value may be ours, and the only copy of a refresh token", () => {
    const files = globSync("packages/{core,adapter-*,redis*,wechat,interop}/src/**/*.ts").filter(
      (file) => !/\.(test|fixture)\./.test(file),
    );
    expect(files.length).toBeGreaterThan(100);
    const found = files.flatMap((file) =>
      readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => advice.test(line) && !comment.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    );
    expect(found).toEqual([]);
    expect(advice.test("`… give Lingpai a prefix of its own, or delete the key.`")).toBe(true);
  });
});
