import { describe, expect, test } from "vitest";
import { hasSubject, sentenceOf } from "./test-titles.ts";

const source = `
describe.each(drivers)("over $name", (driver) => {
  describe("a store (\\"it\\")", () => {
    test.each([["(", 1]])("LOCK-01 keeps %i entries", () => {});
  });
  test("a call fails", () => {});
});

describe("a reducer", () => {
  it("H1: the lower lease commits first", () => {});
});

test(\`the value \${one}\`, () => {});
`;

describe("the sentence of a test", () => {
  test.each([
    ["LOCK-01 keeps", 'over …, a store ("it") keeps … entries'],
    ["a call", "over …, a call fails"],
    ["H1: the lower", "the lower lease commits first"],
    ["the value", "the value …"],
  ])("joins the titles of its suites and its own: %s", (title, sentence) => {
    expect(sentenceOf(source, title)).toBe(sentence);
  });

  test("is undefined if no title begins so", () => {
    expect(sentenceOf(source, "the other value")).toBeUndefined();
  });
});

describe("the rule for subjects", () => {
  test.each([
    "a store is empty",
    "over …, a primary is lost",
    "with an overlap of … ms, a refresh fails no call",
    "fences rise",
    "WeChat answers",
  ])("accepts %j", (sentence) => {
    expect(hasSubject(sentence)).toBe(true);
  });

  test.each([
    "is fetched once",
    "of a lower epoch changes nothing",
    "and is killed",
    "to … counts it once",
    "names the broken rule",
    "without a store, is served",
    "whose slot moves still serves",
    "after a restart serves",
  ])("rejects %j", (sentence) => {
    expect(hasSubject(sentence)).toBe(false);
  });
});
