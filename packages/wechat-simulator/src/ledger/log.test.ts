import { expect, test } from "vitest";
import type { LogEntry } from "./log.ts";
import { formatLog, PlatformLog } from "./log.ts";

const entry = (changes: Partial<LogEntry> = {}): Omit<LogEntry, "seq"> => ({
  atMs: 1000,
  kind: "issue",
  endpoint: "/cgi-bin/token",
  appId: "wx1",
  tokenId: "T1",
  code: 0,
  reason: "new",
  caller: "node-1",
  ...changes,
});

const call = (changes: Partial<LogEntry> = {}): Omit<LogEntry, "seq"> =>
  entry({ kind: "call", endpoint: "/cgi-bin/user/info", reason: "accepted", ...changes });

function logOf(...entries: readonly Omit<LogEntry, "seq">[]): PlatformLog {
  const log = new PlatformLog(Infinity);
  for (const each of entries) log.append(each);
  return log;
}

test("issues lists only new credentials, and fetches lists every request for one", () => {
  const log = logOf(
    entry(),
    entry({ reason: "same" }),
    entry({ code: 45009, reason: "day-quota" }),
    call(),
  );
  expect(log.issues("wx1").map(({ seq }) => seq)).toEqual([1]);
  expect(log.fetches("wx1").map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(log.fetches("wx2")).toEqual([]);
});

test("calls are found by outcome, caller, token and the entry before them", () => {
  const log = logOf(
    call(),
    call({ code: 40001, reason: "superseded", caller: "node-2" }),
    call({ tokenId: "T2" }),
  );
  expect(log.calls({ ok: false })).toMatchObject([{ seq: 2, code: 40001 }]);
  expect(log.calls({ caller: "node-2" })).toHaveLength(1);
  expect(log.calls({ tokenId: "T2" })).toMatchObject([{ seq: 3 }]);
  expect(log.calls({ code: 0, afterSeq: 1 })).toMatchObject([{ seq: 3 }]);
});

test("a bounded log keeps the newest entries, and all tallies even without entries", () => {
  for (const entriesMax of [0, 2]) {
    const log = new PlatformLog(entriesMax);
    for (let count = 0; count < 100; count += 1) log.append(entry({ tokenId: `T${count}` }));
    log.append(call({ code: 40001 }));
    expect(log.seq).toBe(101);
    expect(log.tally("wx1")).toEqual({ fetches: 100, issued: 100, calls: 1, refused: 1 });
    expect(log.entries().length).toBeLessThanOrEqual(2 * entriesMax);
    expect(log.entries().slice(-1)).toMatchObject(entriesMax === 0 ? [] : [{ seq: 101 }]);
  }
});

test("tallies are kept for each AppID and summed over all", () => {
  const log = logOf(
    entry(),
    entry({ appId: "wx2" }),
    call({ appId: undefined, code: 40001 }),
    entry({ kind: "act" }),
  );
  expect(log.tally("wx2")).toEqual({ fetches: 1, issued: 1, calls: 0, refused: 0 });
  expect(log.tally()).toEqual({ fetches: 2, issued: 2, calls: 1, refused: 1 });
  expect(log.tally("wx3")).toEqual({ fetches: 0, issued: 0, calls: 0, refused: 0 });
});

test("clearing forgets entries and tallies, and continues the numbering", () => {
  const log = logOf(entry(), entry());
  log.clear();
  log.append(entry());
  expect(log.tally()).toMatchObject({ fetches: 1 });
  expect(log.entries()).toMatchObject([{ seq: 3 }]);
});

test("a log is printed as one line per entry, with time, caller, request, token and outcome", () => {
  const log = logOf(entry(), call({ atMs: 2500, code: 40001, reason: "superseded", caller: "" }));
  expect(
    formatLog(log.entries())
      .split("\n")
      .map((line) => line.trim().split(/\s+/)),
  ).toEqual([
    ["+0.000", "s", "node-1", "issue", "/cgi-bin/token", "T1", "new"],
    ["+1.500", "s", "-", "call", "/cgi-bin/user/info", "T1", "40001", "superseded"],
  ]);
});
