import { describe, expect, it } from "vitest";
import { acquire, tryLease, withLease } from "./acquire.ts";
import { bench, watched } from "../testing/lease-bench.test.helper.ts";

describe("a caller of acquire() and tryLease()", () => {
  it.each([
    ["tryLease()", tryLease],
    ["acquire()", acquire],
  ] as const)(
    "that misspells an option of %s gets an error that names the function",
    async (name, ask) => {
      const { lock, options } = bench();
      const misspelt = { ...options(), leaseMs: 1_000 };
      await expect(ask(lock, "n", misspelt)).rejects.toMatchObject({
        code: "CONFIGURATION",
        message: expect.stringContaining(`${name} has no "leaseMs"`),
      });
    },
  );

  it.each([tryLease, acquire])(
    "is refused before anything is sent when its lock or its clock is invalid",
    async (ask) => {
      const { lock, options, plan } = bench();
      const noLock = {} as typeof lock;
      await expect(ask(noLock, "n", options())).rejects.toMatchObject({
        code: "CONFIGURATION",
        message: expect.stringContaining("lock must be"),
      });
      const noClock = {} as NonNullable<ReturnType<typeof options>["clock"]>;
      await expect(ask(lock, "n", options({ clock: noClock }))).rejects.toMatchObject({
        code: "CONFIGURATION",
        message: expect.stringContaining("clock must be"),
      });
      expect(plan.calls()).toBe(0);
    },
  );

  it("with waitMs 0 gets its answer at once while the store is silent", async () => {
    const { lock, clock, plan, options } = bench();
    const caller = new AbortController();
    plan.next("tryAcquire", "hang-before");
    const asking = watched(acquire(lock, "n", options({ waitMs: 0, signal: caller.signal })));
    await clock.settle();
    caller.abort(new Error("changed my mind"));
    await clock.settle();
    expect(asking.now).toMatchObject({ state: "failed", error: { message: "changed my mind" } });
  });

  it("that gave up causes no unhandled rejection when the answer arrives", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): number => unhandled.push(reason);
    process.on("unhandledRejection", note);
    try {
      const { lock, elsewhere, clock, plan, options } = bench();
      const other = await acquire(elsewhere(), "n", options());
      plan.next("tryAcquire", { replyMs: 100 });
      const asking = watched(acquire(lock, "n", options({ waitMs: 50 })));
      await clock.advance(100);
      expect(asking.now).toMatchObject({ state: "failed", error: { code: "LOCK_TIMEOUT" } });
      expect(unhandled).toEqual([]);
      await other.release();
    } finally {
      process.off("unhandledRejection", note);
    }
  });

  it("may acquire the same name in another store within its work, with or without a queue", async () => {
    const { lock, options } = bench();
    const other = bench();
    const { queue: _queue, ...queueless } = other.lock;
    for (const second of [other.lock, queueless]) {
      const inner = await withLease(lock, "n", options(), () =>
        withLease(second, "n", other.options(), () => "both"),
      );
      expect(inner).toBe("both");
    }
  });
});
