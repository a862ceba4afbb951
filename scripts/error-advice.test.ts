import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** Matches an error text that says how long a wait lasted. */
const waited = /`[^`]*\bwithin \$\{[^}]+(?:\}|\(.*\)\)\}) ms[^`]*`/g;
/** Matches the option that changes that time, or the statement that it is fixed. */
const knob = /\b(?:deadline|wait|timeout|\w+Deadline)Ms\b|which is fixed/;
const comment = /^\s*(\/\/|\/?\*)/;
/**
 * Matches the advice to delete stored data. An unreadable value may be Lingpai's own, and the only
 * copy.
 */
const advice =
  /["'`].*\b(delete|drop|erase|del) (it|them|the (key|entry|record|document|value))\b/i;

describe("the texts of errors", () => {
  it("never advise to delete a key, because its value may be the only copy of a refresh token", () => {
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

  it("name the option for the time after which a wait ended, or say that the time is fixed", () => {
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
