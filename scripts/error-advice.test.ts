import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** A text for people that says how long something was waited for. */
const waited = /`[^`]*\bwithin \$\{[^}]+(?:\}|\(.*\)\)\}) ms[^`]*`/g;
/** What changes that time, or that nothing does. */
const knob = /\b(?:deadline|wait|timeout|\w+Deadline)Ms\b|which is fixed/;
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

  it("name the option that changes the time after which they gave up, or say that it is fixed", () => {
    const files = globSync(
      "packages/{config,core,adapter-*,redis*,sql,wechat,interop}/src/**/*.ts",
    );
    const texts = files
      .filter((file) => !/\.(test|fixture)\./.test(file))
      .flatMap((file) => readFileSync(file, "utf8").match(waited) ?? []);
    expect(texts.length).toBeGreaterThanOrEqual(14);
    expect(texts.filter((text) => !knob.test(text.replaceAll(/\$\{[^}]*\}/g, "")))).toEqual([]);
  });
});
