import { describe, expect, it } from "vitest";
import { circlesIn } from "./house/circles.ts";
import { columnsOf } from "./house/columns.ts";
import { declarationsIn, wordsOf } from "./house/declarations.ts";
import { ceilings, figures, titlesWithoutSubject } from "./house/figures.ts";
import { oldNamesIn, oldWords } from "./house/old-names.ts";
import { unions, unmadeMembers } from "./house/union-members.ts";
import { sourceFiles } from "./workspace.ts";

const file = (path: string, ...lines: string[]) => ({ path, text: lines.join("\n") });

describe("the house", () => {
  it.each(figures())("$name is at or below its ceiling: $value", ({ name, value, places }) => {
    const ceiling = ceilings()[name];
    expect(ceiling, `scripts/house/ceilings.json has no ${name}`).toBeDefined();
    expect(value, places.join("\n")).toBeLessThanOrEqual(ceiling ?? 0);
  });

  it("has a figure for each ceiling", () => {
    expect(Object.keys(ceilings()).toSorted()).toEqual(
      figures()
        .map(({ name }) => name)
        .toSorted(),
    );
  });
});

describe("the check of imports", () => {
  it("finds a circle, even one of types, and no path without a circle", () => {
    const files = [
      file("a/one.ts", 'import type { Two } from "./two.ts";'),
      file("a/two.ts", 'export * from "../b/three.ts";'),
      file("b/three.ts", 'const one = await import("../a/one.ts");'),
      file("b/four.ts", 'import { one } from "../a/one.ts";', '// import "./five.ts"'),
      file("b/five.ts", 'import { four } from "./four.ts";'),
    ];
    expect(circlesIn(files)).toEqual([["a/one.ts", "a/two.ts", "b/three.ts"]]);
  });

  it("finds a file that imports itself", () => {
    expect(circlesIn([file("a.ts", 'import { a } from "./a.ts";')])).toEqual([["a.ts"]]);
  });
});

describe("the check of columns", () => {
  const words = "word ".repeat(21).trim();

  it("counts long comments and code, but no literal that cannot be broken", () => {
    const { lines, long } = columnsOf([
      file("a.ts", `// ${words}`, `const text = "${words}";`, `f(${"a, ".repeat(40)});`, "short"),
    ]);
    expect({ lines, long }).toEqual({ lines: 4, long: ["a.ts:1", "a.ts:3"] });
  });

  it("counts long prose of a page, but no table, code or link target", () => {
    const page = [words, `| ${words} |`, "```text", words, "```", `[a](${"x".repeat(100)})`];
    expect(columnsOf([file("a.md", ...page)]).long).toEqual(["a.md:1"]);
  });
});

describe("the check of names", () => {
  const words = [
    {
      old: ["weather", "stand by"],
      now: "fault rates",
      within: /^apps\//,
      except: [{ name: /^weatherApi$/, why: "an API of that name" }],
    },
  ];

  it("finds an old word in the name of a file, a type, a function and a method", () => {
    const text = [
      "export interface Weather {}",
      "const weatherOf = (at: number): number => at;",
      "function standBy() {}",
      "class A {",
      "  #weather(): void {",
      "  }",
      "}",
      "function weatherApi() {}",
      "function windy() {}",
      '// function weatherComment() {}, "type WeatherText = 1"',
    ];
    expect(
      oldNamesIn([file("apps/a/weather.test.ts", ...text)], words).map(
        (each) => each.split(" ")[1],
      ),
    ).toEqual(["weather", "Weather", "weatherOf", "standBy", "#weather"]);
    expect(oldNamesIn([file("packages/a/b.ts", ...text)], words)).toEqual([]);
  });

  it("splits names into words", () => {
    expect(wordsOf("isURLStoreFull")).toEqual(["is", "url", "store", "full"]);
    expect(wordsOf("held-lease")).toEqual(["held", "lease"]);
  });

  it("does not treat calls and keywords as declarations", () => {
    const text = ["  if (weather) {", "  run(weather);", "  for (const a of b) {"].join("\n");
    expect(declarationsIn(text)).toEqual([]);
  });

  it.each(oldWords.flatMap(({ except = [] }) => except))("has a reason for $name", ({ why }) => {
    expect(why).not.toBe("");
  });
});

describe("the check of public unions", () => {
  const sources = sourceFiles();

  it("finds a member that nothing makes, and an event that nothing emits", () => {
    const added = sources.map(({ path, text }) => ({
      path,
      text: text
        .replace("type DoubtCause =", 'type DoubtCause = | "never-made"')
        .replace("interface EventData {", 'interface EventData {\n  "never-emitted": {};'),
    }));
    expect(unmadeMembers(added)).toEqual(["DoubtCause: never-made", "never-emitted"]);
  });

  it("fails if a union has been moved, instead of checking nothing", () => {
    expect(() => unmadeMembers(sources.filter(({ path }) => path !== unions[0]?.[0]))).toThrow(
      /declares no union/,
    );
  });
});

describe("the check of titles", () => {
  it("finds the sentences of a table that do not begin with their subject", () => {
    const row =
      "| 1 | a | b | [x.test.ts](../x.test.ts): is fetched once.<br>[y.test.ts](../y.test.ts): a call fails. |";
    expect(titlesWithoutSubject([file("docs/a.md", row)])).toEqual(["docs/a.md: is fetched once"]);
  });
});
