import { describe, expect, it } from "vitest";
import { seededRandom } from "@lingpai/core/testing";
import { Agenda } from "./event-queue.ts";

describe("an agenda", () => {
  it("gives appointments in the order of their times, those of one instant in the order in which they were entered", () => {
    const agenda = new Agenda();
    const random = seededRandom("agenda");
    const entered = Array.from({ length: 500 }, (_, order) => ({
      atMs: Math.floor(random.next() * 50),
      order,
    }));
    for (const { atMs } of entered) agenda.add(atMs, () => "quiet");
    const given: { atMs: number; order: number }[] = [];
    for (let next = agenda.next(50); next !== undefined; next = agenda.next(50))
      given.push({ atMs: next.atMs, order: next.order - 1 });
    expect(given).toEqual(
      entered.toSorted((one, other) => one.atMs - other.atMs || one.order - other.order),
    );
  });

  it("skips what was cancelled, and keeps what falls on the end or later", () => {
    const agenda = new Agenda();
    agenda.add(1, () => "quiet").happening = undefined;
    agenda.add(2, () => "quiet");
    expect(agenda.next(2)).toBeUndefined();
    expect(agenda.next(3)?.atMs).toBe(2);
  });
});
