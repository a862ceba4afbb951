/** When a node starts a task that only one node of the fleet has to start. */
import { describe, expect, it } from "vitest";
import { ElectedStarts } from "./elected-starts.ts";
import type { CachedCredential } from "../fleet/cached-credential.ts";
import type { Issuer } from "../issuer.ts";
import type { Parameters } from "../parameters.ts";
import { oneNode, storedAt } from "../scenarios/node.fixture.ts";
import { emptyState, type StoredCredential } from "../state/state.ts";
import { seededRandom } from "../testing/index.ts";

/** A draw of 0 starts last, and one near 1 first. */
const last = 0;
const first = 1 - 1e-9;

function bench(issuer: Partial<Issuer> = {}, parameters: Partial<Parameters> = {}) {
  const draws = { next: last, made: 0 };
  const next = (): number => {
    draws.made += 1;
    return draws.next;
  };
  const one = oneNode(issuer, { parameters, random: { ...seededRandom("node"), next } });
  const { clock, storeClock } = one;
  const nowMs = storeClock.nowMs();
  /** The instant on the monotonic clock, in ms since the beginning of the test. */
  const sinceStart = (atMs: number): number => atMs - startMs;
  const startMs = clock.monotonicMs();
  return { ...one, draws, nowMs, sinceStart, starts: new ElectedStarts(one.node) };
}

function cachedWith(stored: StoredCredential, advisoryMs: number, mandatoryMs: number) {
  const windows = {
    advisoryAtMs: stored.issuedAtMs + advisoryMs,
    mandatoryAtMs: stored.issuedAtMs + mandatoryMs,
    hardAtMs: stored.expiresAtMs,
  };
  // Only these values decide when to start.
  return { stored, windows } as CachedCredential;
}

describe("the start of a proactive refresh", () => {
  it("lies between the advisory and the mandatory time, at random", () => {
    for (const [draw, ms] of [
      [last, 7_000_000],
      [first, 6_000_000],
    ] as const) {
      const { draws, nowMs, sinceStart, starts } = bench();
      draws.next = draw;
      const cached = cachedWith(storedAt(nowMs), 6_000_000, 7_000_000);
      expect(sinceStart(starts.proactiveAtMs(cached))).toBe(ms);
    }
  });

  it("is drawn once for each commit", () => {
    const { draws, nowMs, sinceStart, starts } = bench();
    const cached = cachedWith(storedAt(nowMs), 6_000_000, 7_000_000);
    starts.proactiveAtMs(cached);
    draws.next = first;
    expect(sinceStart(starts.proactiveAtMs(cached))).toBe(7_000_000);
    expect(draws.made).toBe(1);
    const next = cachedWith(storedAt(nowMs, { generation: 2 }), 6_000_000, 7_000_000);
    expect(sinceStart(starts.proactiveAtMs(next))).toBe(6_000_000);
  });

  it.each([
    [7_200_000, 30_000],
    [20_000, 10_000],
  ])(
    "comes no earlier than a credential of %i ms is %i ms old, even if it is due",
    (lifeMs, ms) => {
      const { nowMs, sinceStart, starts } = bench();
      // Counted from the issue. The lifetime counts from the request before it.
      const stored = storedAt(nowMs, {
        sentAtMs: nowMs - 5_000,
        expiresAtMs: nowMs - 5_000 + lifeMs,
      });
      expect(sinceStart(starts.proactiveAtMs(cachedWith(stored, -2_000, -1_000)))).toBe(ms);
    },
  );
});

describe("the start of a reconciling refresh", () => {
  const superseding = { policy: { kind: "supersede", overlapMs: 300_000 } } as const;

  it("is never while there is no doubt", () => {
    expect(bench({ policy: { kind: "sliding" } }).starts.reconcileAtMs()).toBe(
      Number.POSITIVE_INFINITY,
    );
    const { local, starts } = bench(superseding);
    expect(starts.reconcileAtMs()).toBe(Number.POSITIVE_INFINITY);
    local.updateState(emptyState);
    expect(starts.reconcileAtMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    [last, 200_000],
    [first, 160_000],
  ])("lies in the last 40 s before the deadline: %d, %i ms", (draw, ms) => {
    const { draws, local, nowMs, sinceStart, starts } = bench(superseding);
    draws.next = draw;
    local.updateState({ ...emptyState, doubtSinceMs: nowMs });
    expect(sinceStart(starts.reconcileAtMs())).toBe(ms);
  });

  it.each([
    [last, 20_000],
    [first, 15_000],
  ])(
    "is never before the drain has passed if the previous credential dies at once: %d",
    (draw, ms) => {
      const { draws, local, nowMs, sinceStart, starts } = bench({
        policy: { kind: "supersede", overlapMs: 0 },
      });
      draws.next = draw;
      local.updateState({ ...emptyState, doubtSinceMs: nowMs });
      expect(sinceStart(starts.reconcileAtMs())).toBe(ms);
    },
  );

  it("is drawn once for each doubt, even after a fetch that replaces nothing", () => {
    const { draws, local, nowMs, sinceStart, starts } = bench({ policy: { kind: "sliding" } });
    local.updateState({ ...emptyState, doubtSinceMs: nowMs });
    starts.reconcileAtMs();
    draws.next = first;
    expect(sinceStart(starts.reconcileAtMs())).toBe(200_000);
    local.updateState({ ...emptyState, doubtSinceMs: nowMs + 1_000 });
    expect(sinceStart(starts.reconcileAtMs())).toBe(161_000);
  });
});
