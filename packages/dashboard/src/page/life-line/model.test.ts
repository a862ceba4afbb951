import { expect, test } from "vitest";
import { eventOf, rowOf } from "../row.fixture.ts";
import { bandsOf, clustersOf, marksOf, spansOf, ticksOf } from "./model.ts";

const minute = 60_000;
const fetched = (generation: number, atMs: number, more = {}) =>
  eventOf("refreshed", atMs, { generation, remainingMs: 120 * minute, durationMs: 300, ...more });

test("each generation is a band, from its first appearance to that of the next one", () => {
  const events = [
    fetched(1, 0),
    eventOf("adopted", 200, { generation: 1, remainingMs: 100, node: "b" }),
    eventOf("adopted", 105 * minute + 500, {
      generation: 2,
      lagMs: 500,
      remainingMs: 120 * minute,
    }),
    fetched(3, 300 * minute),
  ];
  const row = rowOf({ generation: 3, expiresInMs: 90 * minute });
  expect(bandsOf(events, row, 330 * minute)).toEqual([
    { generation: 1, fromMs: 0, toMs: 105 * minute },
    // It ended before the next one came, so there was no token for a while.
    { generation: 2, fromMs: 105 * minute, toMs: 225 * minute + 500 },
    { generation: 3, fromMs: 300 * minute, toMs: 420 * minute },
  ]);
  expect(bandsOf([], undefined, 0)).toEqual([]);
});

test("an older generation that comes again after a failover opens no second band", () => {
  const events = [fetched(4, 0), eventOf("repaired", 10, { generation: 4 }), fetched(3, 20)];
  expect(bandsOf(events, undefined, 30).map(({ generation }) => generation)).toEqual([4]);
});

test("a doubt and a store outage last until they end, or until now", () => {
  const events = [
    eventOf("in-doubt", 10, { cause: "overlap" }),
    eventOf("in-doubt", 12, { cause: "overlap", node: "b" }),
    eventOf("store-unavailable", 15),
    eventOf("store-unavailable", 16, { node: "b" }),
    eventOf("store-recovered", 18, { node: "b" }),
    eventOf("reconciled", 20, { node: "b" }),
  ];
  expect(spansOf(events, 50)).toEqual([
    { lane: "store", fromMs: 16, toMs: 18 },
    { lane: "doubt", fromMs: 10, toMs: 20 },
    { lane: "store", fromMs: 15, toMs: 50 },
  ]);
});

test("a mark of a fetch has the time of its request, and routine events are no marks", () => {
  const marks = marksOf([fetched(1, 1_000), eventOf("adopted", 1_100), eventOf("retired", 1_200)]);
  expect(marks).toHaveLength(1);
  expect(marks[0]).toMatchObject({ lane: "fetches", tone: "good", intentAtMs: 700 });
});

test("marks that would overlap are combined, with the worst of their tones", () => {
  const marks = marksOf([
    eventOf("rejected", 0),
    fetched(1, 1),
    eventOf("rejected", 5),
    eventOf("contended", 6),
    eventOf("rejected", 40),
    eventOf("refused-fatally", 7),
  ]);
  const clusters = clustersOf(marks, (atMs) => atMs);
  expect(clusters.map(({ lane, marks: all, tone }) => [lane, all.length, tone])).toEqual([
    ["refusals", 2, "warn"],
    ["fetches", 2, "bad"],
    ["others", 1, "bad"],
    ["refusals", 1, "warn"],
  ]);
});

test.each([
  [24 * 60, 1_000, 0],
  [24 * 60, 280, 0],
  [60, 1_000, 0],
  [360, 300, 330 * minute],
])(
  "the ticks of %i minutes on %i px have room, and are round in local time",
  (span, width, zone) => {
    const fromMs = 1_234_567;
    const ticks = ticksOf(fromMs, fromMs + span * minute, width, zone);
    expect(ticks.length).toBeGreaterThanOrEqual(2);
    expect(ticks.length).toBeLessThanOrEqual(width / 70 + 1);
    for (const tick of ticks) expect((tick + zone) % (5 * minute)).toBe(0);
  },
);
