import fc from "fast-check";
import { expect, test } from "vitest";
import { createCallQueue } from "./call-queue.ts";
import type { Call } from "./call-queue.ts";

test("calls leave the queue in the order in which they came, even if others are removed meanwhile", () => {
  const step = fc.oneof(fc.constant("add" as const), fc.nat({ max: 8 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const queue = createCallQueue();
      const expected: Call[] = [];
      for (const [dueMs, action] of steps.entries()) {
        const leaving = action === "add" ? [] : expected.splice(action, 1);
        if (action === "add") expected.push(queue.add(dueMs, () => {}));
        expect(leaving.map((call) => [queue.remove(call), queue.remove(call)])).toEqual(
          leaving.map(() => [true, false]),
        );
        expect(queue.oldest).toBe(expected[0]);
      }
      for (const call of expected) {
        expect(queue.oldest).toBe(call);
        queue.remove(call);
      }
      expect(queue.oldest).toBeUndefined();
    }),
  );
});
