import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../workspace.ts";
import { rooms } from "./rooms.ts";
import { linesOf, scoreOf, type MutationReport, type Survivor } from "./score.ts";

const source = "export const isLate = (ms: number) =>\n  ms > 10;\n";
const at = (
  column: number,
  end: number,
): { start: { line: number; column: number }; end: { line: number; column: number } } => ({
  start: { line: 2, column },
  end: { line: 2, column: end },
});

function report(...statuses: readonly string[]): MutationReport {
  const replacements = ["ms >= 10", "ms <= 10", "true", "false"];
  const mutants = statuses.map((status, index) => ({
    mutatorName: "EqualityOperator",
    replacement: replacements[index] ?? "",
    status,
    location: at(3, 10),
  }));
  return { files: { "a.ts": { source, mutants } } };
}

const survivor: Survivor = {
  file: "a.ts",
  line: "ms > 10;",
  from: "ms > 10",
  to: "ms >= 10",
  reason: "nobody is exactly late",
};

describe("the mutation score", () => {
  it("counts uncovered mutants as survivors, hanging ones as killed, and leaves out those that were not run", () => {
    const score = scoreOf(report("Survived", "NoCoverage", "Killed", "Timeout"), []);
    expect(score).toMatchObject({ killed: 2, all: 4, percent: 50 });
    expect(score.unlisted.map(({ to }) => to)).toEqual(["ms >= 10", "ms <= 10"]);
    expect(scoreOf(report("Killed", "Ignored"), [])).toMatchObject({
      killed: 1,
      all: 1,
      percent: 100,
    });
    // The runner failed, which shows nothing about the mutant.
    expect(scoreOf(report("Killed", "RuntimeError"), [])).toMatchObject({ killed: 1, all: 2 });
    expect(scoreOf({ files: {} }, []).percent).toBe(0);
  });

  it("accepts a survivor that is listed with its reason, and no other one", () => {
    expect(scoreOf(report("Survived"), [survivor])).toMatchObject({
      listed: [survivor],
      unlisted: [],
    });
    expect(scoreOf(report("Survived"), [{ ...survivor, to: "ms < 10" }]).unlisted).toHaveLength(1);
  });

  it("reports a listed mutant that was killed, or is made no more, but only in files that were mutated", () => {
    expect(scoreOf(report("Killed"), [survivor]).outdated).toEqual([survivor]);
    expect(scoreOf(report("Survived"), [{ ...survivor, line: "ms > 11;" }]).outdated).toHaveLength(
      1,
    );
    expect(scoreOf(report("Survived"), [survivor, { ...survivor, file: "b.ts" }]).outdated).toEqual(
      [],
    );
    // The line exists, as a part of another one, but no such mutant does.
    expect(scoreOf(report("Survived"), [{ ...survivor, line: "> 10;" }]).outdated).toHaveLength(1);
    expect(scoreOf(report("Survived"), [{ ...survivor, to: "ms < 10" }]).outdated).toHaveLength(1);
    // Not run this time, because it is made when its module loads.
    expect(scoreOf(report("Ignored"), [survivor]).outdated).toEqual([]);
  });

  it("is printed with every survivor, as text and replacement", () => {
    const lines = linesOf(scoreOf(report("Survived", "Killed", "Killed"), []));
    expect(lines.at(-1)).toBe(
      "mutation score: 66.7 % (2 of 3 mutants killed; 0 live with a reason, 1 without)",
    );
    expect(lines[0]).toBe("lives: a.ts\n    ms > 10;\n    - ms > 10\n    + ms >= 10");
    expect(lines[1]).toBe("  66.7 %  a.ts (2 of 3)");
    const [reason] = linesOf(scoreOf(report("Survived", "Killed"), [survivor]));
    expect(reason).toBe(
      "lives with a reason: a.ts\n    - ms > 10\n    + ms >= 10\n    nobody is exactly late",
    );
  });
});

describe("the list of survivors", () => {
  const survivors = JSON.parse(
    readFileSync(join(root, "scripts/mutation/survivors.json"), "utf8"),
  ) as readonly Survivor[];

  // The nightly run checks that these mutants are still made and live, so that a change to a line
  // need not wait for a run of hours.
  it("names files that a room mutates, each with a reason, and none twice", () => {
    const mutated = new Set(rooms.flatMap((room) => globSync([...room.files], { cwd: root })));
    for (const { file, from, reason, to } of survivors) {
      expect(mutated.has(file), file).toBe(true);
      expect(reason.length, `${file}: ${from} → ${to}`).toBeGreaterThan(20);
    }
    const names = survivors.map(({ file, from, line, to }) =>
      JSON.stringify([file, line, from, to]),
    );
    expect(new Set(names).size).toBe(names.length);
  });
});
