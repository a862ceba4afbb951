import { describe, expect, it } from "vitest";
import { seededRandom } from "@lingpai/core/testing";
import { EventQueue } from "./event-queue.ts";

describe("the event queue", () => {
  it("returns events in the order of their times, and events of one instant in the order in which they were added", () => {
    const events = new EventQueue();
    const random = seededRandom("events");
    const entered = Array.from({ length: 500 }, (_, order) => ({
      atMs: Math.floor(random.next() * 50),
      order,
    }));
    for (const { atMs } of entered) events.add(atMs, () => "quiet");
    const given: { atMs: number; order: number }[] = [];
    for (let next = events.next(50); next !== undefined; next = events.next(50))
      given.push({ atMs: next.atMs, order: next.order - 1 });
    expect(given).toEqual(
      entered.toSorted((one, other) => one.atMs - other.atMs || one.order - other.order),
    );
  });

  it("skips cancelled events, and keeps events that are due at the end or later", () => {
    const events = new EventQueue();
    events.add(1, () => "quiet").handler = undefined;
    events.add(2, () => "quiet");
    expect(events.next(2)).toBeUndefined();
    expect(events.next(3)?.atMs).toBe(2);
  });
});
