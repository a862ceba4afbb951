import { describe, expect, test } from "vitest";
import { classify, isRetryable, issueOutcome, refusalScope, retryAfterMs } from "./classify.ts";
import { errorTable } from "./wechat-error-table.ts";
import { wecomErrorTable } from "./wecom-error-table.ts";
import type { Action, EndpointClass } from "./error-row.ts";

type Expected = readonly [EndpointClass, number, Action, string];

/** A second copy of WeChat's table, so that a change of the data must be intended. */
const wechat: readonly Expected[] = [
  ...all([-1], "retry", "busy"),
  ...each("business", [40001, 40014, 42001], "reject", "parent"),
  ...each("token", [40001, 40125], "stop", "fatal"),
  ...each("derived", [40001, 40014, 42001, 42006, 40094], "reject-parent", "parent"),
  ...each("derived", [42002, 42007, 61023, 61003], "stop-tenant", "fatal"),
  ...each("derived", [48001, 48004, 50001, 61007], "pass", "fatal"),
  ...all(
    [40002, 40013, 41002, 41004, 43001, 43002, 44002, 47001, 61011, 41018, 61024],
    "stop",
    "fatal",
  ),
  ...all([40164, 61004], "stop-here", "fatal"),
  ...all([40243, 50002, 50004, 50007], "stop", "fatal"),
  ...all([45009], "wait-day", "quota"),
  ...all([48006], "pass", "fatal"),
  ...all([45011], "wait-minute", "busy"),
  ...each("business", [48001, 48004, 50001, 61007], "pass", "fatal"),
  ...each("token", [48001, 48004, 50001], "stop", "fatal"),
  ...each("token", [42002, 42007, 61023, 61003], "stop-tenant", "fatal"),
  ...each("token", [42006, 40094], "reject-parent", "parent"),
  ...each("business", [42006, 40094], "reject-parent", "parent"),
  ...each("token", [61005, 61006, 40091], "wait-push", "parent"),
  ...each("token", [89501, 89503, 89506, 89507], "stop-here", "fatal"),
  // These numbers have other meanings than at WeCom, for example the size of a picture.
  ...each("business", [40080, 40082, 40083, 40084, 40085, 42009, 60020], "pass", "fatal"),
];

/** A second copy of WeCom's table. */
const wecom: readonly Expected[] = [
  ...all([-1, 45033], "retry", "busy"),
  ...each("business", [40014, 42001], "reject", "parent"),
  ...each("business", [40082, 42009], "reject-parent", "parent"),
  ...each("derived", [40014, 42001, 40082, 42009], "reject-parent", "parent"),
  ...each("token", [40001, 40080, 40091, 45031], "stop", "fatal"),
  ...all(
    [40013, 41002, 41004, 40083, 41021, 41022, 41023, 41024, 41025, 48003, 710000],
    "stop",
    "fatal",
  ),
  ...each("token", [40058, 40063, 43001, 43002, 44002, 47001], "stop", "fatal"),
  ...all([60020], "stop-here", "fatal"),
  ...all([45009], "pause", "busy"),
  ...each("token", [40084], "stop-tenant", "fatal"),
  ...each("business", [40084], "pass", "fatal"),
  ...each("token", [40085], "wait-push", "parent"),
  ...each("token", [48004, 301007, 40141], "stop-tenant", "fatal"),
  ...all([50003], "stop", "fatal"),
  ...each("business", [301007, 40141], "stop", "fatal"),
  ...each("business", [40077, 42007], "pass", "fatal"),
  ...each("token", [40077, 42007], "stop", "fatal"),
  ...all([40078], "stop", "fatal"),
  ...each(
    "business",
    [48001, 48002, 48006, 48007, 50001, 50002, 60011, 670001, 670004],
    "pass",
    "fatal",
  ),
  ...each("derived", [48001, 48002, 48006, 50001, 50002, 60011, 670001, 670004], "pass", "fatal"),
  ...each("token", [48001, 48002, 48006, 50001, 50002, 60011], "stop", "fatal"),
  // These numbers have other meanings than at WeChat.
  ...each("business", [40001, 40125, 42006, 61007, 48004], "pass", "fatal"),
];

function each(
  endpoint: EndpointClass,
  codes: number[],
  action: Action,
  outcome: string,
): [EndpointClass, number, Action, string][] {
  return codes.map((code) => [endpoint, code, action, outcome]);
}

function all(
  codes: number[],
  action: Action,
  outcome: string,
): [EndpointClass, number, Action, string][] {
  return (["token", "derived", "business"] as const).flatMap((endpoint) =>
    each(endpoint, codes, action, outcome),
  );
}

describe.each([
  { name: "WeChat's", table: errorTable, expected: wechat },
  { name: "WeCom's", table: wecomErrorTable, expected: wecom },
])("$name error table", ({ table, expected }) => {
  test.each(expected)(
    "%s endpoint, code %d: %s, which ends an issue as %s",
    (endpoint, code, action, outcome) => {
      expect(classify(endpoint, code, table).action).toBe(action);
      expect(issueOutcome(action)).toBe(outcome);
    },
  );

  test("has no row that is missing from the list above", () => {
    const listed = new Set(expected.map(([endpoint, code]) => `${endpoint} ${code}`));
    const rows = table.flatMap((row) =>
      row.codes.flatMap((code) =>
        (row.endpoint === "any" ? ["token", "business"] : [row.endpoint]).map(
          (endpoint) => `${endpoint} ${code}`,
        ),
      ),
    );
    expect(rows.filter((row) => !listed.has(row))).toEqual([]);
  });

  test("names the page and the date of each row", () => {
    for (const { source, date } of table) {
      expect(source).toMatch(/^developers?\.(work\.)?weixin\.qq\.com\/[\w./-]+$/);
      expect(date).toMatch(/^20\d\d(-\d\d){0,2}$/);
    }
  });
});

describe("the error tables", () => {
  test("distinguish a wrong secret from a dead token by the endpoint alone", () => {
    expect(classify("token", 40001).aboutSecret).toBe(true);
    expect(classify("business", 40001).aboutSecret).toBeUndefined();
  });

  test("pass an unlisted code to the caller of a business endpoint, and back off at a token endpoint", () => {
    expect(classify("business", 47003)).toMatchObject({
      action: "pass",
      codes: [],
      endpoint: "business",
      meaning: "a refusal that does not concern the token",
      remedy: expect.stringContaining("this API"),
    });
    const pause = {
      action: "pause",
      codes: [],
      meaning: "a refusal that is not in the table",
      pauseMs: 60_000,
      remedy: expect.stringContaining("documentation"),
    };
    expect(classify("token", 99999)).toMatchObject({ ...pause, endpoint: "token" });
    expect(classify("derived", 99999, wecomErrorTable)).toMatchObject({
      ...pause,
      endpoint: "derived",
    });
  });

  test("treat WeCom's 45009 as a short block", () => {
    expect(classify("token", 45009, wecomErrorTable)).toMatchObject({
      action: "pause",
      pauseMs: 60_000,
    });
    expect(classify("business", 45009, wecomErrorTable)).toMatchObject({
      action: "pause",
      pauseMs: 60_000,
    });
  });

  test("call a refusal retryable only if waiting can solve it", () => {
    const actions = [...new Set(errorTable.map((row) => row.action))];
    expect(actions.filter((action) => !isRetryable(action)).toSorted()).toEqual([
      "pass",
      "stop",
      "stop-here",
      "stop-tenant",
    ]);
  });
});

test("stop only one node for a refused address alone", () => {
  expect(refusalScope("stop-here")).toBe("node");
  expect(refusalScope("stop")).toBe("account");
});

describe("the wait after a refusal", () => {
  const at = (iso: string): number => new Date(iso).getTime();

  test("lasts until midnight in Shanghai if the day's quota is used up", () => {
    const row = classify("token", 45009);
    expect(retryAfterMs(row, at("2026-03-01T15:59:59.000Z"))).toBe(1000);
    expect(retryAfterMs(row, at("2026-03-01T16:00:00.000Z"))).toBe(86_400_000);
    expect(retryAfterMs(row, at("2026-03-01T00:00:00.000Z"))).toBe(16 * 3_600_000);
  });

  test("lasts until the next minute if the minute's quota is used up", () => {
    expect(retryAfterMs(classify("token", 45011), at("2026-03-01T10:00:45.500Z"))).toBe(14_500);
  });

  test("is that of the row, if the row has one", () => {
    expect(retryAfterMs(classify("token", 61005), 0)).toBe(600_000);
    expect(retryAfterMs(classify("token", 99_999), 0)).toBe(60_000);
  });

  test("is otherwise left to the caller", () => {
    expect(retryAfterMs(classify("token", -1), 0)).toBeUndefined();
    expect(retryAfterMs(classify("token", 40125), 0)).toBeUndefined();
  });
});
