import { getEventListeners } from "node:events";
import { describe, expect, test, vi } from "vitest";
import { createSingleFlight } from "./keyed-single-flight.ts";

describe("a single flight", () => {
  test("is shared by all callers while it runs", async () => {
    const flights = createSingleFlight<number>();
    let starts = 0;
    const { promise, resolve } = Promise.withResolvers<number>();
    const work = (): Promise<number> => ((starts += 1), promise);
    const callers = Array.from({ length: 50 }, () => flights.run("k", work));
    expect(flights.has("k")).toBe(true);
    resolve(7);
    expect(await Promise.all(callers)).toEqual(Array(50).fill(7));
    expect(starts).toBe(1);
    expect(flights.has("k")).toBe(false);
  });

  test("is separate for each key", async () => {
    const flights = createSingleFlight<string>();
    expect(
      await Promise.all([flights.run("a", async () => "1"), flights.run("b", async () => "2")]),
    ).toEqual(["1", "2"]);
  });

  test("rejects for all its callers if it fails, and the next caller starts a new one", async () => {
    const flights = createSingleFlight<number>();
    const failure = new Error("refused");
    const callers = [1, 2, 3].map(() => flights.run("k", () => Promise.reject(failure)));
    for (const outcome of await Promise.allSettled(callers))
      expect(outcome).toEqual({ status: "rejected", reason: failure });
    expect(await flights.run("k", async () => 1)).toBe(1);
  });

  test("turns a synchronous throw into a rejection and stays usable", async () => {
    const flights = createSingleFlight<number>();
    const outcome = flights.run("k", () => {
      throw new Error("thrown at once");
    });
    await expect(outcome).rejects.toThrow("thrown at once");
    expect(await flights.run("k", async () => 2)).toBe(2);
  });

  test.each(["finishes", "fails"])(
    "that was forgotten and then %s does not remove its successor",
    async (end) => {
      const flights = createSingleFlight<string>();
      const first = Promise.withResolvers<string>();
      const second = Promise.withResolvers<string>();
      const early = flights.run("k", () => first.promise);
      flights.forget("k");
      const late = flights.run("k", () => second.promise);
      if (end === "finishes") first.resolve("old");
      else first.reject(new Error("old"));
      await Promise.allSettled([early]);
      const joined = flights.run("k", async () => "a third flight");
      second.resolve("new");
      expect(await Promise.all([late, joined])).toEqual(["new", "new"]);
    },
  );

  test("loses only the caller that aborts", async () => {
    const flights = createSingleFlight<string>();
    const { promise, resolve } = Promise.withResolvers<string>();
    const controller = new AbortController();
    const leaving = flights.run("k", () => promise, controller.signal);
    const staying = flights.run("k", () => promise);
    controller.abort(new Error("had enough"));
    await expect(leaving).rejects.toThrow("had enough");
    resolve("done");
    expect(await staying).toBe("done");
  });

  test("is not started for a signal that has already aborted", async () => {
    const flights = createSingleFlight<string>();
    let starts = 0;
    const outcome = flights.run(
      "k",
      async () => `${(starts += 1)}`,
      AbortSignal.abort(new Error("too late")),
    );
    await expect(outcome).rejects.toThrow("too late");
    expect(starts).toBe(0);
  });

  test("causes no unhandled rejection if it fails after all callers left", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): number => unhandled.push(reason);
    process.on("unhandledRejection", note);
    const flights = createSingleFlight<string>();
    const { promise, reject } = Promise.withResolvers<string>();
    const controller = new AbortController();
    const leaving = flights.run("k", () => promise, controller.signal);
    controller.abort(new Error("left"));
    await expect(leaving).rejects.toThrow("left");
    reject(new Error("failed alone"));
    await flights.settled();
    await new Promise(setImmediate);
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
  });

  test("leaves no listener on the signals of its callers", async () => {
    const flights = createSingleFlight<string>();
    const { signal } = new AbortController();
    await flights.run("k", async () => "done", signal);
    await expect(flights.run("k", () => Promise.reject(new Error("no")), signal)).rejects.toThrow(
      "no",
    );
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("is awaited by settled, even if it was forgotten", async () => {
    const flights = createSingleFlight<string>();
    const { promise, resolve } = Promise.withResolvers<string>();
    const caller = flights.run("k", () => promise);
    flights.forget("k");
    let settled = false;
    const waiting = flights.settled().then(() => (settled = true));
    await new Promise(setImmediate);
    expect(settled).toBe(false);
    resolve("done");
    await Promise.all([caller, waiting]);
    expect(settled).toBe(true);
  });

  test("drops its value when it has ended, because a value may be a secret", async () => {
    const add = vi.spyOn(Set.prototype, "add");
    const flights = createSingleFlight<string>();
    const flight = flights.run("k", async () => "secret");
    const place = add.mock.calls.findIndex(([value]) => value === flight);
    const underWay = add.mock.contexts[place] as Set<unknown> | undefined;
    add.mockRestore();
    expect(underWay?.size).toBe(1);
    await flight;
    expect(underWay?.size).toBe(0);
  });
});
