import { describe, expect, it } from "vitest";
import { Closing } from "./closing.ts";

const reason = new Error("closed");

/** Waits until the signal aborts. */
async function aborted(signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  return signal.reason;
}

describe("a closing", () => {
  it("aborts the signals of all running work, with its reason", async () => {
    const closing = new Closing();
    const works = [closing.during(aborted), closing.during(aborted)];
    await closing.during(async () => {});
    closing.close(reason);
    closing.close(new Error("again"));
    expect(await Promise.all(works)).toEqual([reason, reason]);
  });

  it("gives later work a signal that has aborted", async () => {
    const closing = new Closing();
    closing.close(reason);
    expect(await closing.during(aborted)).toBe(reason);
    expect(closing.isClosed).toBe(true);
    expect(() => closing.throwIfClosed()).toThrow(reason);
  });

  it("shares one signal among waiting callers, and keeps none for later", async () => {
    const closing = new Closing();
    const given: AbortSignal[] = [];
    const note = async (signal: AbortSignal): Promise<void> => void given.push(signal);
    await Promise.all([closing.during(note), closing.during(note)]);
    await expect(closing.during(() => Promise.reject(reason))).rejects.toBe(reason);
    await closing.during(note);
    expect(given[0]).toBe(given[1]);
    expect(given[2]).not.toBe(given[0]);
    expect(closing.isClosed).toBe(false);
  });
});
