import { describe, expect, test } from "vitest";
import { InvalidConfigError } from "../problem.ts";
import { parseDocument } from "./document.ts";
import type { DocumentFormat } from "./document.ts";

const flat = (text: string, format: DocumentFormat = "yaml"): unknown[] =>
  parseDocument(text, format, "f").map(({ path, value, place }) => [path.join("."), value, place]);

function refusal(text: string, format: DocumentFormat): string {
  try {
    parseDocument(text, format, "f");
  } catch (error) {
    if (error instanceof InvalidConfigError) return error.message;
    throw error;
  }
  return "none";
}

describe("a YAML document", () => {
  test("yields each value as it is written, with its line", () => {
    expect(
      flat(
        "# note\napps:\n  main:\n    appId: wx1\n    secret: 00123456789012345678901234567890\n    quota: 1e3\n    on: true\n",
      ),
    ).toEqual([
      ["apps.main.appId", "wx1", "f:4"],
      ["apps.main.secret", "00123456789012345678901234567890", "f:5"],
      ["apps.main.quota", "1e3", "f:6"],
      ["apps.main.on", "true", "f:7"],
    ]);
  });

  test("is read with Windows line endings and a byte order mark", () => {
    expect(flat('\uFEFFa: 1\r\nb: "two"\r\nc:\r\n  d: three\r\n')).toEqual([
      ["a", "1", "f:1"],
      ["b", "two", "f:2"],
      ["c.d", "three", "f:4"],
    ]);
  });

  test("distinguishes a name without a value, a list and an empty mapping from text", () => {
    expect(flat("a:\nb: ~\nc: [1]\nd: {}\n")).toEqual([
      ["a", null, "f:1"],
      ["b", null, "f:2"],
      ["c", [], "f:3"],
      ["d", {}, "f:4"],
    ]);
  });

  test("repeats the content of an alias, under the alias's own line", () => {
    expect(flat("base: &base\n  mode: plain\nother: *base\n")).toEqual([
      ["base.mode", "plain", "f:2"],
      ["other.mode", "plain", "f:2"],
    ]);
  });

  test("may be empty, or nothing but comments", () => {
    expect([flat(""), flat("# nothing\n"), flat("\uFEFF")]).toEqual([[], [], []]);
  });

  test.each([
    ["a: 1\na: 2\n", /f:2: has a name that the same mapping already contains/],
    ["a:\n\tb: 1\n", /f:2: is indented with a tab|f:2: is not valid YAML/],
    ["a: 1\n---\nb: 2\n", /f:\d: begins a second document/],
    ['a: "open\n', /f:\d: lacks a quote/],
    ["a: !secret x\n", /f:1: has a tag/],
    ["a: *nowhere\n", /f:1: has an alias/],
    ["- a\n", /f:1: holds no settings/],
    ["just text\n", /f:1: holds no settings/],
    ["? [a]\n: 1\n", /f:1: has a name that is no text/],
  ])("%j is refused with its line", (text, message) => {
    expect(refusal(text, "yaml")).toMatch(message);
  });

  test("is limited in its expansion of aliases", () => {
    const bomb = `a: &a {k: v}\n${Array.from({ length: 120 }, (_, index) => `b${index}: *a`).join("\n")}\n`;
    expect(refusal(bomb, "yaml")).toContain("more than 100 aliases");
  });
});

describe("a JSON document", () => {
  test("yields the same as YAML would, even if it is indented with tabs", () => {
    expect(
      flat(
        '{\r\n\t"apps": {\r\n\t\t"main": { "appId": "wx\\u0031", "overlapMs": 300000, "on": true, "no": null }\r\n\t}\r\n}\r\n',
        "json",
      ),
    ).toEqual([
      ["apps.main.appId", "wx1", "f:3"],
      ["apps.main.overlapMs", "300000", "f:3"],
      ["apps.main.on", "true", "f:3"],
      ["apps.main.no", null, "f:3"],
    ]);
  });

  test.each([
    ['{\n  "a": 1,\n}', 3],
    ['{\n  "a": 1\n  "b": 2\n}', 3],
    ['{\n  "a": abc\n}', 2],
    ['{\n  "a": "unclosed\n}', 2],
    ["{\n  'a': 1\n}", 2],
    ['{\n  "a": [1,\n  ]\n}', 3],
    ['{\n  "a": 1', 2],
    ['{\n  // note\n  "a": 1\n}', 2],
    ['{ "a": 1 }\n{ "b": 2 }', 2],
    ['{\n  "a": 01\n}', 2],
    ['{\n  "a": { "b": 1 ]\n}', 2],
    ['{"a"}', 1],
  ])("%j is refused at line %i", (text, line) => {
    expect(refusal(text, "json")).toContain(`f:${line}: is where this stops being JSON`);
  });

  test("with a repeated name is refused, although JSON.parse would take the last one", () => {
    expect(refusal('{\n "a": 1,\n "a": 2\n}', "json")).toContain(
      "f:3: has a name that the same mapping already contains",
    );
  });
});

test.each<[DocumentFormat, string]>([
  ["json", '{ "secret": 5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0 }'],
  ["json", '{ "secret": "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0 }'],
  ["yaml", 'secret: "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0\n'],
  ["yaml", "secret: !5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0 x\n"],
  ["yaml", "secret: *5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0\n"],
])("a fault of %s is described without quoting the text: %s", (format, text) => {
  const message = refusal(text, format);
  expect(message).toMatch(/f:[12]: /);
  expect(message).not.toContain("5ec2");
});
