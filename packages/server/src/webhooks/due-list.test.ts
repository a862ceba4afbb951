import { expect, test } from "vitest";
import { emptyList, settle, take } from "./due-list.ts";
import type { DueList } from "./due-list.ts";

const entry = {
  kind: "event",
  id: "0001-aaaa-0-bbbb",
  atMs: 1_000,
  event: { type: "revoked", ref: "r" },
} as const;
const taken = (list: DueList): DueList =>
  take(list, [entry], { events: ["revoked"], nowMs: 1_000, position: entry.id }).list;

test.each([0, 0.5, 1])("attempts end after a day and a half (jitter %d)", (jitter) => {
  let list = taken(emptyList(undefined));
  let nowMs = 1_000;
  const pauses: number[] = [];
  for (;;) {
    const settled = settle(list, list.due[0]!, { jitter, nowMs, reply: undefined });
    if (settled.outcome === "given-up") {
      expect(settled.list.due).toEqual([]);
      break;
    }
    ({ list } = settled);
    pauses.push((list.due[0]!.nextAtMs - nowMs) / 1_000 / (0.8 + 0.4 * jitter));
    nowMs = list.due[0]!.nextAtMs;
  }
  const planned = [5, 30, 300, 1_800, 7_200, 18_000, 36_000, 50_400];
  expect(pauses.map(Math.round)).toEqual(planned);
});

test("an entry that is read again, after a crash or a gap, is delivered once", () => {
  const once = taken(emptyList(undefined));
  expect(taken(once).due).toHaveLength(1);
  const answered = { jitter: 0, nowMs: 1_000, reply: { status: 200, retryAfterMs: 0 } };
  const { list } = settle(once, once.due[0]!, answered);
  expect(list).toMatchObject({ due: [], position: entry.id });
});
