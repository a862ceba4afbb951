import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { watched } from "../testing/lease-bench.test.helper.ts";
import { manualClock } from "../testing/index.ts";
import { createWaitQueue } from "./wait-queue.ts";

const { settle } = manualClock();

describe("the wait queue", () => {
  it("gives turns in the order of arrival, one at a time, separately for each name", async () => {
    const queue = createWaitQueue();
    const endFirst = await queue.turn("a");
    const second = watched(queue.turn("a"));
    const third = watched(queue.turn("a"));
    await queue.turn("b");
    await settle();
    expect([second.now.state, third.now.state]).toEqual(["pending", "pending"]);
    endFirst();
    endFirst();
    await settle();
    expect([second.now.state, third.now.state]).toEqual(["done", "pending"]);
    if (second.now.state === "done") second.now.value();
    await settle();
    expect(third.now.state).toBe("done");
  });

  it("is free again when the last turn has ended", async () => {
    const queue = createWaitQueue();
    (await queue.turn("a"))();
    const again = watched(queue.turn("a"));
    await settle();
    expect(again.now.state).toBe("done");
  });

  it("forgets a place whose signal aborts, and gives none to one that is aborted already", async () => {
    const queue = createWaitQueue();
    const endFirst = await queue.turn("a");
    const caller = new AbortController();
    const second = watched(queue.turn("a", caller.signal));
    const third = watched(queue.turn("a"));
    caller.abort(new Error("gone"));
    await expect(queue.turn("a", AbortSignal.abort(new Error("never")))).rejects.toThrow("never");
    endFirst();
    await settle();
    expect([second.now, third.now.state]).toMatchObject([
      { state: "failed", error: { message: "gone" } },
      "done",
    ]);
  });

  it("leaves no listener on the signal of a caller that got its turn", async () => {
    const queue = createWaitQueue();
    const { signal } = new AbortController();
    const endFirst = await queue.turn("a", signal);
    const second = queue.turn("a", signal);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    endFirst();
    await second;
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});
