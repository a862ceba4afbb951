import { expect, test } from "vitest";
import { dictionary as en } from "./i18n/en.ts";
import { dictionary as zh } from "./i18n/zh.ts";
import { rowOf } from "./row.fixture.ts";
import { countsOf, severityOf, worstFirst } from "./severity.ts";
import { duration, headline, instant, shortRef, timeOfDay } from "./words.ts";

const plain = (text: string): string => text.replaceAll("\u00a0", " ");
const atMs = new Date(2026, 4, 3, 15, 2, 0).getTime();
const conflict = {
  state: "confirmed",
  count: 2,
  sinceAgoMs: 3_600_000,
  lastAgoMs: 60_000,
} as const;

test.each([
  [-5, "0 ms"],
  [999, "999 ms"],
  [12_400, "12 s"],
  [61_000, "1 min 1 s"],
  [600_000, "10 min"],
  [5_040_000, "1 h 24 min"],
  [7_200_000, "2 h"],
  [172_800_000, "2 d"],
  [180_000_000, "2 d 2 h"],
])("%i ms is shown as %s", (ms, text) => {
  expect(plain(duration(ms, en))).toBe(text);
});

test("durations in Chinese have Chinese units", () => {
  expect(plain(duration(5_040_000, zh))).toBe("1 小时 24 分");
});

test("an instant is shown with its day if it was not today", () => {
  expect(timeOfDay(atMs, "en")).toBe("15:02");
  expect(instant(atMs, atMs + 60_000, "en")).toBe("15:02:00");
  expect(instant(atMs, atMs + 90_000_000, "en")).toBe("May 3 15:02:00");
});

test("a long name keeps its beginning and its end", () => {
  expect(shortRef("wechat:stable:wx0123456789abcdef")).toBe("wechat:stable:wx0123456789abcdef");
  expect(shortRef(`${"a".repeat(40)}cdefgh`)).toBe(`${"a".repeat(27)}…cdefgh`);
});

test("the first sentence says how many are live, and names the conflict with its start", () => {
  const rows = Array.from({ length: 7 }, (_, at) =>
    rowOf({ ref: `wx${at}`, ...(at === 3 && { conflict }) }),
  );
  expect(headline(rows, atMs, en)).toBe(
    "All 7 credentials are live. 1 conflict on wx3 since 14:02.",
  );
  expect(headline(rows, atMs, zh)).toBe("全部 7 个凭据有效。wx3 自 14:02 起存在争用。");
});

test("the first sentence counts those without a token, in doubt, failing and unused", () => {
  const failure = { isFatal: true, code: "40164", agoMs: 1_000, message: undefined };
  const rows = [
    rowOf({ ref: "a", state: "none", failure }),
    rowOf({ ref: "b", state: "doubt" }),
    rowOf({ ref: "c", failure }),
    rowOf({ ref: "d", state: "none", generation: undefined }),
  ];
  expect(headline(rows, atMs, en)).toBe(
    "2 of 3 credentials are live. a has no token. 1 is in doubt. 1 cannot be renewed at the moment. Nobody has asked for 1 yet.",
  );
  expect(headline([...rows, rowOf({ ref: "e", state: "none", failure })], atMs, zh)).toBe(
    "4 个凭据中有 2 个有效。a 等 2 个没有可用令牌。1 个存疑。1 个暂时无法续期。1 个尚无人使用。",
  );
  expect(headline([], atMs, en)).toBe("No credential is served yet.");
  expect(headline([rowOf()], atMs, en)).toBe("The credential is live.");
  expect(headline([rows[0]!], atMs, en)).toBe("The credential has no live token.");
});

test("the worst come first, and equals are sorted by name", () => {
  const rows = [
    rowOf({ ref: "live" }),
    rowOf({ ref: "idle", state: "none", generation: undefined }),
    rowOf({ ref: "degraded", degraded: "store" }),
    rowOf({ ref: "stale", state: "stale" }),
    rowOf({ ref: "doubt", state: "doubt" }),
    rowOf({ ref: "conflict", conflict }),
    rowOf({ ref: "suspect", state: "suspect" }),
    rowOf({ ref: "dead", state: "none" }),
    rowOf({ ref: "also-live" }),
  ];
  expect(worstFirst(rows).map(({ ref }) => ref)).toEqual([
    "dead",
    "suspect",
    "conflict",
    "doubt",
    "stale",
    "degraded",
    "also-live",
    "live",
    "idle",
  ]);
  expect(countsOf(rows).find(({ severity }) => severity === "live")!.count).toBe(2);
  expect(severityOf(rowOf({ expiresInMs: 0 }))).toBe("dead");
});
