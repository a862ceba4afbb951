import type { CheckResult, Severity } from "@lingpai/doctor";
import { describe, expect, test } from "vitest";
import { renderDiagnosis } from "./render-diagnosis.ts";

const words = "what it is that was seen here and what it does to all of them then "
  .repeat(3)
  .trim();

function result(
  id: string,
  severity: Severity,
  status: CheckResult["status"] = "finding",
): CheckResult {
  return {
    id,
    severity,
    status,
    title: `The title of ${id}`,
    evidence: words,
    meaning: words,
    remedy: words,
  };
}

const plain = (text: string): string => text.replaceAll(/\u001B\[\d+m/g, "");
const render = (results: readonly CheckResult[], rows = 24): string =>
  plain(renderDiagnosis({ isHealthy: false, results }, { columns: 80, rows }));

describe("the first screen", () => {
  test("shows the worst finding in full and the others as long as there is room, and counts the rest", () => {
    const ids = ["a", "b", "c", "d", "e"];
    const text = render(ids.map((id) => result(id, id === "a" ? "critical" : "notice")));
    const lines = text.split("\n");
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
    expect(lines[0]).toBe("5 findings, 0 checks ok.");
    expect(lines[2]).toMatch(/^CRITICAL {2}The title of a/);
    const shown = ids.filter((id) => text.includes(`The title of ${id}`)).length;
    expect(text).toContain(`${5 - shown} more findings: lingpai doctor --all`);
    expect(shown).toBeGreaterThan(0);
  });

  test("reports how many checks could not be made, and with --all the reasons", () => {
    const results = [result("a", "warning"), result("b", "notice", "unknown")];
    expect(render(results)).toContain("1 could not be checked; --all says why.");
    const all = render(results, Number.POSITIVE_INFINITY);
    expect(all).toMatch(/unknown b\n {11}what it is/);
  });
});

test("a healthy store is described in one sentence", () => {
  const results = [result("a", "critical", "ok"), result("b", "critical", "not-applicable")];
  expect(render(results)).toBe("Nothing is wrong: 1 check ok.");
});
