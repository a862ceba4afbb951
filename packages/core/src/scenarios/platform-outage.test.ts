import { describe, expect, it } from "vitest";
import { fleet, within } from "./fleet.fixture.ts";

describe("a platform that fails", () => {
  it("is asked again within the same lease if it was busy", async () => {
    const { clock, node, platform } = fleet();
    platform.script("busy", "busy");
    await within(clock, 5_000, node().get());
    expect(platform.issues.map(({ outcome }) => outcome)).toEqual(["busy", "busy", "ok"]);
  });

  it.each([
    { answer: "that asks for patience", busy: { outcome: "busy", retryAfterMs: 5_000 } as const },
    { answer: "that may be repeated at once", busy: { outcome: "busy" } as const },
  ])(
    "backs the whole fleet off after an answer $answer: attempts do not grow with the number of nodes",
    async ({ busy }) => {
      for (const size of [1, 10]) {
        const { clock, node, platform } = fleet();
        platform.script(...Array.from({ length: 10_000 }, () => busy));
        const nodes = Array.from({ length: size }, () => node());
        for (let second = 0; second < 600; second += 1) {
          for (const each of nodes) each.get().catch(() => {});
          await clock.advance(1_000);
        }
        expect(platform.issues.length).toBeLessThanOrEqual(Math.log2(60) + 600 / 60 + 3);
        await Promise.all(nodes.map((each) => each.close()));
      }
    },
  );

  it("gets no more requests from callers than from the background while it refuses", async () => {
    const { clock, node, platform } = fleet();
    platform.refuse({ outcome: "fatal", platformCode: "40125" });
    const one = node();
    await expect(within(clock, 5_000, one.get())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      retryable: false,
      reason: "refused",
      cause: { platformCode: "40125" },
    });
    for (let call = 0; call < 100; call += 1) {
      await expect(within(clock, 5_000, one.get())).rejects.toMatchObject({
        code: "CREDENTIAL_UNAVAILABLE",
      });
      await clock.advance(60_000);
    }
    const tries = platform.issues.length;
    expect(tries).toBeLessThanOrEqual(2 + 100 / 7);
    expect(one.typesOf()).toContain("refused-fatally");
    await expect(within(clock, 5_000, one.refresh())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
    });
    expect(platform.issues).toHaveLength(tries + 1);
  });

  it("leaves a doubt if its answer is lost, and one reconciling refresh after the drain resolves it", async () => {
    const { clock, node, platform, document } = fleet();
    const nodes = [node(), node()];
    await within(clock, 2_000, Promise.all(nodes.map((each) => each.get())));
    platform.script({ outcome: "unknown-processed" });
    await clock.advance(7_200_000 - 120_000);
    expect(platform.issues.length).toBeGreaterThanOrEqual(3);
    await clock.advance(300_000);
    const state = await document();
    expect(state?.doubtSinceMs).toBeUndefined();
    expect(state?.credential?.secret).toBe(platform.latest);
    expect(nodes.flatMap((each) => each.typesOf())).toContain("reconciled");
  });

  it("gets the reconciling request for an old doubt only if the overlap of the present credential requires it", async () => {
    const { clock, node, platform, document, write } = fleet();
    await within(clock, 2_000, node().get());
    const state = (await document())!;
    await write({ ...state, doubtSinceMs: state.credential!.sentAtMs - 500_000 });
    await clock.advance(150_000);
    expect(platform.issues).toHaveLength(1);
    await clock.advance(60_000);
    expect(platform.issues.map(({ reason }) => reason)).toEqual(["cold", "reconcile"]);
    expect((await document())?.doubtSinceMs).toBeUndefined();
  });

  it("gets no request if the fleet has used up the day's quota", async () => {
    const { clock, node, platform } = fleet({
      policy: { kind: "supersede", overlapMs: 0 },
    });
    const one = node({ parameters: { quotaPerDay: 20 } });
    await within(clock, 2_000, one.get());
    await within(clock, 2_000, one.reconcileQuota({ used: 19, remaining: 1 }));
    await within(clock, 2_000, one.refresh());
    await clock.advance(600_000);
    platform.issueElsewhere();
    await expect(within(clock, 20_000, one.reject(one.peek()!))).rejects.toMatchObject({
      code: "QUOTA_EXHAUSTED",
      resetsInMs: expect.any(Number),
    });
    expect(platform.issues).toHaveLength(2);
    await clock.advance(86_400_000);
    await within(clock, 20_000, one.get());
    expect(platform.issues.length).toBeGreaterThan(2);
  });

  it("is named in the error of a caller that gives up while the request is repeated", async () => {
    const { clock, node, platform } = fleet();
    platform.script({ outcome: "unsent", platformCode: "ECONNREFUSED" }, { requestMs: 60_000 });
    const one = node({ parameters: { waitMs: 4_000 } });
    await expect(within(clock, 4_001, one.get())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      reason: "back-off",
      cause: { platformCode: "ECONNREFUSED" },
    });
    expect(platform.issues).toHaveLength(2);
  });

  it("that never answers is given up at the deadline, and leaves a doubt", async () => {
    const { clock, node, platform } = fleet();
    platform.script({ requestMs: 60_000 });
    const one = node();
    await within(clock, 12_000, one.get());
    expect(platform.issues).toHaveLength(2);
    expect(one.status().inDoubt).toBe(true);
  });

  it("whose issuer requests its own credential causes an error, not a deadlock", async () => {
    const { clock, node, platform } = fleet();
    const one: ReturnType<typeof node> = node({
      issuer: {
        ...platform,
        issue: async () => ({ secret: (await one.get()).reveal(), expiresInMs: 1 }),
      },
    });
    await expect(within(clock, 30_000, one.get())).rejects.toMatchObject({
      code: "RECURSIVE_REFRESH",
    });
  });
});
