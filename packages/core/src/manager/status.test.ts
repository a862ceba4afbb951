/** The status that a process reports of its credential. */
import { describe, expect, it } from "vitest";
import { statusOf } from "./status.ts";
import type { DocumentSource } from "../fleet/document-source.ts";
import { lifetimeMs, oneNode, storedAt } from "../scenarios/node.fixture.ts";
import { emptyState, type State } from "../state/state.ts";
import type { Issuer } from "../issuer.ts";

function bench(changed: Partial<State> = {}, issuer: Partial<Issuer> = {}) {
  const one = oneNode({ policy: { kind: "supersede", overlapMs: 300_000 }, ...issuer });
  const { local, storeClock } = one;
  const nowMs = storeClock.nowMs();
  const credential = storedAt(nowMs - 60_000.5, {
    fingerprint: "0123456789abcdef",
    issuedAtMs: nowMs - 50_000,
    expiresAtMs: nowMs - 60_000.5 + lifetimeMs,
  });
  const state: State = { ...emptyState, credential, ...changed };
  // The source's other members are not used.
  const source = { role: "owner" } as DocumentSource;
  const status = (isClosed = false) => statusOf(one.node, source, isClosed);
  return { ...one, adopt: () => local.adopt(state, credential), credential, nowMs, state, status };
}

describe("the status of a credential", () => {
  it("has no credential before the first use", () => {
    const { status } = bench();
    expect(status()).toEqual({
      id: "test",
      environment: "production",
      node: "node-1",
      role: "owner",
      state: "none",
      inDoubt: false,
      isSuspect: false,
      onFallback: false,
      uses: 0,
      quota: { used: 0, perDay: undefined },
    });
  });

  it("has a fresh credential's age, origin and remaining lifetime", () => {
    const { adopt, credential, local, status } = bench();
    adopt();
    local.cached!.uses = 3;
    expect(status()).toMatchObject({
      state: "fresh",
      generation: 1,
      commitId: "commit-1",
      fingerprint: "01234567",
      renewsInMs: lifetimeMs - 60_000 - 900_000,
      ageMs: 50_000,
      by: credential.by,
      uses: 3,
    });
    // It is not handed out in its last 30 s.
    expect(status().remainingMs).toBeGreaterThan(lifetimeMs - 90_002);
    expect(status().remainingMs).toBeLessThanOrEqual(lifetimeMs - 90_000);
  });

  it("is stale after the time of replacement, without negative values", async () => {
    const { adopt, clock, status } = bench();
    adopt();
    await clock.advance(lifetimeMs - 60_000 - 120_000 - 1);
    expect(status()).toMatchObject({ state: "fresh", renewsInMs: 0 });
    await clock.advance(1);
    expect(status()).toMatchObject({ state: "stale", renewsInMs: 0 });
    await clock.advance(120_000);
    expect(status()).toMatchObject({ state: "none", remainingMs: 0, generation: 1 });
  });

  it("becomes stale at the exact time of replacement", async () => {
    const { clock, local, nowMs, state, status } = bench();
    const credential = storedAt(nowMs);
    local.adopt({ ...state, credential }, credential);
    await clock.advance(lifetimeMs - 120_000 - 1);
    expect(status().state).toBe("fresh");
    await clock.advance(1);
    expect(status().state).toBe("stale");
  });

  it("has no negative age if another node's clock is ahead", () => {
    const { local, nowMs, state, status } = bench();
    const credential = storedAt(nowMs, { issuedAtMs: nowMs + 5_000 });
    local.adopt({ ...state, credential }, credential);
    expect(status().ageMs).toBe(0);
  });

  it("is closed after close, even with a live credential", () => {
    const { adopt, status } = bench();
    adopt();
    expect(status(true).state).toBe("closed");
  });

  it("shows a doubt, a suspect mark and the fallback", () => {
    const { adopt, status } = bench({
      doubtSinceMs: 1,
      suspect: { fingerprint: "0123456789abcdef", atMs: 1 },
      fallback: { sinceMs: 1 },
    });
    adopt();
    expect(status()).toMatchObject({ inDoubt: true, isSuspect: true, onFallback: true });
  });

  it("has the fleet's count of today's fetches and its limit", () => {
    const perDay = { quota: { perDay: 100, dayOffsetMs: 0 } };
    const day = Math.floor(bench().nowMs / 86_400_000);
    const quota = { day, used: 7, forced: { used: 0, lastAtMs: 0 } };
    const { adopt, status } = bench({ quota }, perDay);
    adopt();
    expect(status().quota).toEqual({ used: 7, perDay: 100 });
    const before = bench({ quota: { ...quota, day: day - 1 } }, perDay);
    before.adopt();
    expect(before.status().quota).toEqual({ used: 0, perDay: 100 });
  });
});
