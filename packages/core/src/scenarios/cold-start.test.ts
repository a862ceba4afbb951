import { describe, expect, it } from "vitest";
import { delay } from "../time/time.ts";
import { fleet, within } from "./fleet.fixture.ts";

describe("a cold start while the store hangs", () => {
  it.each(["frozen", "unreachable"] as const)(
    "lets every caller wait equally long, whoever came first: %s",
    async (fault) => {
      const { clock, node, platform } = fleet();
      const one = node();
      one.faults[fault] = true;
      const waits = Array.from({ length: 60 }, async (_, index) => {
        await delay(clock, index * 100);
        const cameMs = clock.monotonicMs();
        const served = await one.get().then(
          () => true,
          () => false,
        );
        return { served, waitedMs: clock.monotonicMs() - cameMs };
      });
      await clock.advance(5_000);
      one.faults[fault] = false;
      const calls = await within(clock, 10_000, Promise.all(waits));

      const failed = calls.filter(({ served }) => !served);
      expect(failed.map(({ waitedMs }) => waitedMs)).toEqual(failed.map(() => 3_000));
      // The first caller fails first: no caller is served that began to wait before one that
      // failed.
      expect(calls.map(({ served }) => served)).toEqual(
        calls.map((_, index) => index >= failed.length),
      );
      expect(failed.length).toBeGreaterThanOrEqual(20);
      expect(failed.length).toBeLessThanOrEqual(30);
      expect(platform.issues).toHaveLength(1);
      await one.close();
    },
  );

  it("names in its error the setting that limits a command of the store", async () => {
    const { clock, node } = fleet();
    const one = node({ parameters: { storeDeadlineMs: 400 } });
    one.faults.frozen = true;
    await expect(within(clock, 4_000, one.get())).rejects.toThrow(
      "did not answer within 400 ms (storeDeadlineMs)",
    );
    one.faults.frozen = false;
    await one.close();
  });
});

describe("a credential in its last ten seconds", () => {
  it("is replaced by a node that starts, and by a node whose caller reports an older token", async () => {
    for (const start of ["get", "reject"] as const) {
      const { clock, node, platform } = fleet();
      const first = node();
      await within(clock, 2_000, first.get());
      await first.close();
      await clock.advance(7_200_000 - 10_000);
      const late = node();
      const wanted: Promise<unknown> = start === "get" ? late.get() : late.reject("an-older-token");
      await within(clock, 5_000, wanted);
      expect(platform.issues).toHaveLength(2);
      expect(platform.alive(late.peek()!)).toBe(true);
    }
  });
});
