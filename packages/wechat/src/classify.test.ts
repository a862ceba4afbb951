import { describe, expect, test } from "vitest";
import { classify, isRetryable, issueOutcome, retryAfterMs } from "./classify.ts";
import { errorTable, wecomErrorTable } from "./errors-table.ts";
import type { Action, EndpointClass } from "./errors-table.ts";

/** The platform's table, written out a second time: a change of the data must be meant. */
const expected: readonly [EndpointClass, number, Action, string][] = [
  ...both([-1], "retry", "busy"),
  ...each("business", [40001, 40014, 42001], "reject", "parent"),
  ...each("token", [40001, 40125, 40091], "stop", "fatal"),
  ...each("derived", [40001, 40014, 42001, 42006, 42009, 40082], "reject-parent", "parent"),
  ...each("derived", [42002, 42007, 61023, 61003, 40084], "stop-tenant", "fatal"),
  ...each("derived", [48001, 48004, 61007], "pass", "fatal"),
  ...each("derived", [-1], "retry", "busy"),
  ...each("derived", [61011], "stop", "fatal"),
  ...each("derived", [45009], "wait-day", "quota"),
  ...both([40002, 40013, 41002, 41004, 43002, 44002, 47001, 61011, 40083, 41018], "stop", "fatal"),
  ...both([40164, 61004, 60020], "stop-here", "fatal"),
  ...both([40243, 50002, 50004, 50007], "stop", "fatal"),
  ...both([45009], "wait-day", "quota"),
  ...both([48006], "pass", "fatal"),
  ...both([45011], "wait-minute", "busy"),
  ...both([45033], "retry", "busy"),
  ...each("business", [48001, 48004, 61007], "pass", "fatal"),
  ...each("token", [42002, 42007, 61023, 61003, 40084], "stop-tenant", "fatal"),
  ...both([42006, 42009, 40082], "reject-parent", "parent"),
  ...each("token", [61005, 61006, 40085], "wait-push", "parent"),
  ...each("token", [89503, 89506, 89507], "pause", "busy"),
];

function each(endpoint: EndpointClass, codes: number[], action: Action, outcome: string): [EndpointClass, number, Action, string][] {
  return codes.map((code) => [endpoint, code, action, outcome]);
}

function both(codes: number[], action: Action, outcome: string): [EndpointClass, number, Action, string][] {
  return [...each("token", codes, action, outcome), ...each("business", codes, action, outcome)];
}

describe("the error table", () => {
  test.each(expected)("%s endpoint, code %d: %s, which ends an issue as %s", (endpoint, code, action, outcome) => {
    expect(classify(endpoint, code).action).toBe(action);
    expect(issueOutcome(action)).toBe(outcome);
  });

  test("has no row that the list above does not cover", () => {
    const listed = new Set(expected.map(([endpoint, code]) => `${endpoint} ${code}`));
    const rows = errorTable.flatMap((row) =>
      row.codes.flatMap((code) =>
        (row.endpoint === "any" ? ["token", "business"] : [row.endpoint]).map((endpoint) => `${endpoint} ${code}`),
      ),
    );
    expect(rows.filter((row) => !listed.has(row))).toEqual([]);
    expect(new Set(rows).size).toBe(rows.length);
  });

  test("knows a wrong secret from a dead token by the endpoint alone", () => {
    expect(classify("token", 40001).aboutSecret).toBe(true);
    expect(classify("business", 40001).aboutSecret).toBeUndefined();
  });

  test("hands an unlisted code to the caller of a business endpoint, and backs off at a token endpoint", () => {
    expect(classify("business", 47003).action).toBe("pass");
    expect(classify("token", 99999).action).toBe("retry");
    expect(classify("derived", 99999).action).toBe("retry");
  });

  test("reads WeCom's 45009 as a short block", () => {
    expect(classify("token", 45009, wecomErrorTable)).toMatchObject({ action: "pause", pauseMs: 60_000 });
    expect(classify("business", 40014, wecomErrorTable).action).toBe("reject");
  });

  test("calls retryable only what waiting can cure", () => {
    const actions = [...new Set(errorTable.map((row) => row.action))];
    expect(actions.filter((action) => !isRetryable(action)).toSorted()).toEqual(["pass", "stop", "stop-here", "stop-tenant"]);
  });
});

describe("the wait after a refusal", () => {
  const at = (iso: string): number => new Date(iso).getTime();

  test("lasts until midnight in Shanghai when the day's quota is gone", () => {
    const row = classify("token", 45009);
    expect(retryAfterMs(row, at("2026-03-01T15:59:59.000Z"))).toBe(1000);
    expect(retryAfterMs(row, at("2026-03-01T16:00:00.000Z"))).toBe(86_400_000);
    expect(retryAfterMs(row, at("2026-03-01T00:00:00.000Z"))).toBe(16 * 3_600_000);
  });

  test("lasts until the next minute when the minute's quota is gone", () => {
    expect(retryAfterMs(classify("token", 45011), at("2026-03-01T10:00:45.500Z"))).toBe(14_500);
  });

  test("is the administrator's when one has to act", () => {
    expect(retryAfterMs(classify("token", 89507), 0)).toBe(3_600_000);
    expect(retryAfterMs(classify("token", 89506), 0)).toBe(86_400_000);
  });

  test("is the caller's choice otherwise", () => {
    expect(retryAfterMs(classify("token", -1), 0)).toBeUndefined();
    expect(retryAfterMs(classify("token", 40125), 0)).toBeUndefined();
  });
});
