import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DueQueue, type Due } from "./due-queue.ts";

describe("the queue of timers", () => {
  it("returns due timers in the order of time, and no cancelled one", () => {
    const step = fc.oneof(
      fc.record({ add: fc.nat(1_000) }),
      fc.record({ cancel: fc.nat(200) }),
      fc.record({ takeAt: fc.nat(1_000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new DueQueue<number>();
        const dues: Due<number>[] = [];
        let kept: { dueMs: number; value: number }[] = [];
        for (const [index, next] of steps.entries()) {
          if ("add" in next) {
            dues.push(queue.add(next.add, index));
            kept.push({ dueMs: next.add, value: index });
          } else if ("cancel" in next) {
            const due = dues[next.cancel % Math.max(1, dues.length)];
            if (due !== undefined) {
              queue.cancel(due);
              kept = kept.filter(({ value }) => value !== due.value);
            }
          } else {
            const earliest = Math.min(...kept.map(({ dueMs }) => dueMs));
            const value = queue.take(next.takeAt);
            if (earliest > next.takeAt) expect(value).toBeUndefined();
            else expect(kept.find((due) => due.value === value)?.dueMs).toBe(earliest);
            kept = kept.filter((due) => due.value !== value);
          }
          expect(queue.size).toBe(kept.length);
          expect(queue.first()?.dueMs).toBe(
            kept.length === 0 ? undefined : Math.min(...kept.map(({ dueMs }) => dueMs)),
          );
        }
      }),
    );
  });

  it("keeps none of a hundred thousand timers that were set and cancelled", () => {
    const queue = new DueQueue<object>();
    const stored: WeakRef<object>[] = [];
    for (let index = 0; index < 100_000; index += 1) {
      const value = {};
      if (index === 0) stored.push(new WeakRef(value));
      queue.cancel(queue.add(index % 977, value));
    }
    expect(queue.size).toBe(0);
    expect(queue.first()).toBeUndefined();
  });
});
