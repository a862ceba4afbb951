import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { instruments, type Instrument } from "./instruments.ts";

/** Their names say what happened, not which things are counted. */
const namedInTheSingular: readonly string[] = ["lingpai.clock.jump", "lingpai.rotation.in_doubt"];

test.each(["README.md", "zh-CN/README.md"])(
  "%s lists exactly the instruments that exist",
  (page) => {
    const rows = readFileSync(join(import.meta.dirname, "..", page), "utf8")
      .split("\n")
      .filter((line) => line.startsWith("| `lingpai."))
      .map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.replaceAll("`", "").trim()),
      )
      .map(([name, kind, attributes]) => [name, kind?.split(/, |，/), attributes?.split(/, |、/)]);
    const expected = Object.values<Instrument>(instruments).map(
      ({ name, kind, unit, attributes }) => [
        name,
        [kind, unit],
        attributes.length === 0 ? [""] : attributes,
      ],
    );
    expect(rows).toEqual(expected);
  },
);

test.each(Object.values<Instrument>(instruments))(
  "the name of $name follows the rules: a counter is a plural noun, a duration is in seconds",
  ({ name, kind, unit }) => {
    expect(name).toMatch(/^lingpai(\.[a-z_]+)+$/);
    expect(name).not.toMatch(/total$/);
    if (kind === "counter") {
      expect(unit).toMatch(/^\{[a-z]+\}$/);
      if (!namedInTheSingular.includes(name)) expect(name).toMatch(/s(\.|$)/);
    }
    if (name.endsWith(".duration")) expect([kind, unit]).toEqual(["histogram", "s"]);
  },
);
