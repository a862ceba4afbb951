import { describe, expect, it } from "vitest";
import { storeDeadlineOf } from "./store-deadline.ts";
import type { Store } from "../store.ts";

/** A store of which only the deadlines are read. */
const storeOf = (cache?: number, lock?: number): Store =>
  ({ cache: { deadlineMs: cache }, lock: { deadlineMs: lock } }) as never;

describe("the deadline of a store's commands", () => {
  it("is the longer deadline of its cache and its lock", () => {
    expect(storeDeadlineOf(storeOf())).toBeUndefined();
    expect(storeDeadlineOf(storeOf(), 300)).toBeUndefined();
    expect(storeDeadlineOf(storeOf(700))).toBe(700);
    expect(storeDeadlineOf(storeOf(undefined, 800))).toBe(800);
    expect(storeDeadlineOf(storeOf(700, 800))).toBe(800);
    expect(storeDeadlineOf(storeOf(700, 800), 700)).toBe(800);
  });

  it("cannot be longer than the store's own deadline", () => {
    expect(() => storeDeadlineOf(storeOf(700, 800), 701)).toThrow(
      expect.objectContaining({
        code: "CONFIGURATION",
        rule: "store",
        message:
          "storeDeadlineMs is 701, and the store ends each command after 700 ms by itself. Give its cache and lock deadlineMs: 701, and leave storeDeadlineMs out.",
      }),
    );
  });
});
