/** When a claim is written and renewed, and when it is refused. */
import { describe, expect, it } from "vitest";
import { Ownership } from "./ownership.ts";
import { contextFrom } from "./context.ts";
import { StoreClock } from "./store-clock.ts";
import { claimsPath } from "../cache/claims-path.ts";
import type { OnConflict } from "../credential.ts";
import type { CredentialEvent } from "../index.ts";
import { fleet, within } from "../scenarios/fleet.fixture.ts";
import { faultPlan, faultyCache, seededRandom } from "../testing/index.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** A credential that expired long ago. It only shows that its environment is established. */
const ended = { sentAtMs: 0, expiresAtMs: 0, by: { node: "n", environment: "e", reason: "cold" } };
const established = Promise.resolve(ended);
const unknown = Promise.resolve(undefined);

function bench() {
  const world = fleet();
  const { cache, clock, platform, store } = world;
  const one = (environment: string, onConflict: OnConflict = "error") => {
    const faults = faultPlan({ clock });
    const own = faultyCache(store.cache(), faults);
    const context = contextFrom({
      issuer: platform,
      cache: own,
      lock: store.lock(),
      environment,
      node: "a",
      clock,
      random: seededRandom(environment),
    });
    const events: CredentialEvent[] = [];
    context.bus.subscribe((event) => void events.push(event));
    const storeClock = new StoreClock(clock, context.bus);
    const view = own.withPrefix(environment);
    const claims = new Ownership(context, storeClock, view, onConflict);
    const conflicts = () => events.filter(({ type }) => type === "claim-conflicted");
    return { claims, conflicts, context, events, faults, path: view.path, storeClock, view };
  };
  const registry = cache.at(claimsPath);
  const read = async () => {
    const entry = await registry.get(platform.id);
    return entry && (JSON.parse(entry.value) as { claims: Record<string, unknown>[] });
  };
  const write = async (value: unknown) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    await registry.set(platform.id, text);
  };
  const claimOf = (environment: string, sinceMs: number, renewedMs = clock.wallMs()) => ({
    environment,
    path: cache.withPrefix(environment).path,
    node: "n",
    sinceMs,
    renewedMs,
  });
  return { ...world, claimOf, one, read, write, registry };
}

describe("a claim", () => {
  it("is written for two days at least, with its node", async () => {
    const { clock, one, platform, read, store } = bench();
    const { claims, events, faults, path } = one("production");
    const nowMs = clock.wallMs();
    expect(await claims.claim(unknown)).toBeUndefined();
    expect(events).toEqual([]);
    expect(await read()).toMatchObject({
      claims: [
        {
          environment: "production",
          path,
          node: "a",
          sinceMs: nowMs,
          renewedMs: nowMs,
          untilMs: nowMs + 2 * dayMs,
        },
      ],
    });
    expect([faults.calls("get"), faults.calls("set")]).toEqual([1, 1]);
    const entry = [...store.snapshot().entries.values()][0];
    expect(entry?.expiresAtMs).toBe(nowMs + 4 * dayMs);
    expect(platform.issues).toEqual([]);
  });

  it("is written without a read if no credential is known", async () => {
    const { one, read } = bench();
    const first = one("production", "warn");
    await first.claims.claim(unknown, true);
    expect([first.faults.calls("get"), first.faults.calls("set")]).toEqual([0, 1]);
    const second = one("staging", "warn");
    await second.claims.claim(unknown, true);
    expect([second.faults.calls("get"), second.faults.calls("set")]).toEqual([1, 2]);
    expect((await read())?.claims).toHaveLength(2);
  });

  it("is checked once an hour, and renewed twice a day", async () => {
    const { clock, one, read } = bench();
    const { claims, faults } = one("production");
    await claims.claim(unknown);
    await clock.advance(hourMs - 1);
    await claims.claim(unknown, true);
    expect(faults.calls("get")).toBe(1);
    await clock.advance(1);
    await claims.claim(unknown, true);
    expect([faults.calls("get"), faults.calls("set")]).toEqual([2, 1]);
    const sinceMs = (await read())?.claims[0]?.["sinceMs"];
    await clock.advance(11 * hourMs);
    await claims.claim(unknown);
    expect([faults.calls("get"), faults.calls("set")]).toEqual([3, 2]);
    expect((await read())?.claims).toMatchObject([{ sinceMs, renewedMs: clock.wallMs() }]);
  });

  it("is extended at once for a credential that lives longer than its issuer states", async () => {
    const { clock, one, read } = bench();
    const { claims, faults } = one("production");
    await claims.claim(unknown);
    const nowMs = clock.wallMs();
    await claims.extendClaim({ ...ended, expiresAtMs: nowMs + 36 * hourMs });
    expect(faults.calls("get")).toBe(1);
    await claims.extendClaim({ ...ended, expiresAtMs: nowMs + 36 * hourMs + 1 });
    expect([faults.calls("get"), faults.calls("set")]).toEqual([2, 1]);
    await claims.extendClaim({ ...ended, expiresAtMs: nowMs + 90 * dayMs });
    expect((await read())?.claims).toMatchObject([{ untilMs: nowMs + 90 * dayMs }]);
    // It keeps that end while shorter credentials follow.
    await claims.extendClaim({ ...ended, expiresAtMs: nowMs });
    await clock.advance(12 * hourMs);
    await claims.claim(established);
    expect((await read())?.claims).toMatchObject([{ untilMs: nowMs + 90 * dayMs }]);
  });

  it("keeps its age if the registry was lost", async () => {
    const { clock, one, read, registry, platform } = bench();
    const { claims } = one("production");
    await claims.claim(unknown);
    const sinceMs = clock.wallMs();
    const beside = one("production");
    await beside.claims.readOthers();
    await clock.advance(hourMs);
    // Another process has only read it.
    for (const process of [claims, beside.claims]) {
      await registry.delete(platform.id);
      await process.claim(established);
      expect((await read())?.claims).toMatchObject([{ sinceMs }]);
    }
  });

  it("has the age of the stored claim, not of one that could not be written", async () => {
    const { claimOf, clock, one, write } = bench();
    const { claims, faults } = one("production");
    faults.next("set", { requestMs: 10 });
    const work = claims.claim(unknown);
    await clock.advance(5);
    await write({ v: 1, claims: [claimOf("staging", clock.wallMs())] });
    await expect(within(clock, 100, work)).rejects.toMatchObject({ claimedBy: "staging" });
  });

  it("is dated after all claims in the registry, even of clocks that are ahead", async () => {
    const { claimOf, clock, one, read, write } = bench();
    const aheadMs = clock.wallMs() + hourMs;
    await write({ v: 1, claims: [claimOf("staging", aheadMs)] });
    await one("production", "warn").claims.claim(unknown);
    expect((await read())?.claims[1]).toMatchObject({ sinceMs: aheadMs + 1 });
  });

  it("gives up after sixteen conflicting writes, unless a claim is stored", async () => {
    const { claimOf, clock, one, platform, read, write } = bench();
    const { claims, faults } = one("production");
    let written: object[] = [];
    let cancel = (): void => {};
    const keepWriting = (): void => {
      void write({ v: 1, claims: written });
      cancel = clock.setTimer(1, keepWriting);
    };
    const slowly = () =>
      faults.next("set", ...Array.from({ length: 16 }, () => ({ requestMs: 2 })));
    slowly();
    keepWriting();
    await expect(within(clock, 1_000, claims.claim(unknown))).rejects.toMatchObject({
      code: "CACHE_UNAVAILABLE",
      message: `The claims on "${platform.id}" changed 16 times while we wrote: many environments start. Try again.`,
    });
    expect(faults.calls("set")).toBe(16);
    expect((await read())?.claims).toEqual([]);
    // Its renewal can wait, but not for an hour.
    written = [claimOf("production", 1, clock.wallMs() - 13 * hourMs)];
    await clock.advance(1);
    slowly();
    expect(await within(clock, 1_000, claims.claim(unknown))).toBeUndefined();
    expect(faults.calls("set")).toBe(32);
    cancel();
    await claims.claim(unknown);
    expect((await read())?.claims).toMatchObject([{ sinceMs: 1, renewedMs: clock.wallMs() }]);
  });

  it.each(["get", "set"] as const)("shows an outage of the store: %s", async (command) => {
    const { one } = bench();
    const { claims, context, events, faults } = one("production");
    faults.next(command, "fail-before");
    await expect(claims.claim(unknown)).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE" });
    expect(context.health.isReachable).toBe(false);
    expect(events).toMatchObject([{ type: "store-unavailable", operation: `claims-${command}` }]);
  });

  it("is not extended if no credential was kept", async () => {
    const { one } = bench();
    const { claims, faults } = one("production");
    await claims.extendClaim(undefined);
    expect(faults.calls()).toBe(0);
  });
});

describe("another environment's claim", () => {
  it.each<[OnConflict, "fails" | "yields" | "goes on"]>([
    ["error", "fails"],
    ["consume", "yields"],
    ["warn", "goes on"],
    ["coexist", "goes on"],
  ])("that came first: with onConflict %s this one %s", async (onConflict, what) => {
    const { clock, one } = bench();
    await one("production").claims.claim(unknown);
    await clock.advance(1);
    const { claims, conflicts, path } = one("staging", onConflict);
    const work = claims.claim(unknown);
    if (what === "fails")
      await expect(work).rejects.toMatchObject({
        code: "CREDENTIAL_CONFLICT",
        claimedBy: "production",
      });
    else if (what === "yields") expect(await work).toMatchObject({ environment: "production" });
    else expect(await work).toBeUndefined();
    expect(path).toEqual(["staging"]);
    expect(conflicts()).toMatchObject(
      onConflict === "coexist" ? [] : [{ claimedBy: "production", action: onConflict }],
    );
    expect(claims.otherClaimant).toBe("production");
  });

  it("that came later is reported once, and does not stop this one", async () => {
    const { clock, one } = bench();
    const first = one("production");
    await first.claims.claim(unknown);
    await clock.advance(1);
    await one("staging", "warn").claims.claim(unknown);
    for (let hours = 0; hours < 3; hours += 1) {
      await clock.advance(hourMs);
      expect(await first.claims.claim(established)).toBeUndefined();
    }
    expect(first.conflicts()).toMatchObject([{ claimedBy: "staging", action: "keep" }]);
  });

  it("is reported when it replaces another one", async () => {
    const { claimOf, clock, one, write } = bench();
    const { claims, conflicts } = one("production", "warn");
    for (const environment of ["staging", "testing"]) {
      await write({ v: 1, claims: [claimOf(environment, 1)] });
      await claims.claim(unknown);
      await clock.advance(hourMs);
    }
    expect(conflicts()).toMatchObject([{ claimedBy: "staging" }, { claimedBy: "testing" }]);
    await write("no registry");
    await claims.readOthers();
    expect(claims.otherClaimant).toBe("testing");
  });

  it("no longer counts after it has expired", async () => {
    const { claimOf, clock, one, read, write } = bench();
    await write({
      v: 1,
      claims: [claimOf("staging", 1, clock.wallMs() - 2 * dayMs), { later: 1 }],
    });
    const { claims, events } = one("production");
    await expect(claims.claim(unknown)).rejects.toMatchObject({ code: "UNREADABLE_ENTRY" });
    expect(await claims.claim(established)).toBeUndefined();
    expect(events.map(({ type }) => type)).toEqual(["unreadable", "unreadable"]);
    expect((await read())?.claims).toMatchObject([{ environment: "production" }, { later: 1 }]);
    expect(claims.otherClaimant).toBeUndefined();
    // Its own claim shows that it was established.
    const again = one("production");
    expect(await again.claims.claim(unknown)).toBeUndefined();
  });

  it.each<[OnConflict, boolean]>([
    ["error", true],
    ["consume", true],
    ["warn", false],
    ["coexist", false],
  ])(
    "may be in an invalid registry: with onConflict %s a new environment stops %s",
    async (onConflict, stops) => {
      const { clock, one, read, write } = bench();
      await write("no registry");
      const { claims, events } = one("production", onConflict);
      if (stops) await expect(claims.claim(unknown)).rejects.toThrow("claims");
      else expect(await claims.claim(unknown)).toBeUndefined();
      expect(events).toMatchObject([{ type: "unreadable", reason: "format" }]);
      expect(await claims.claim(established)).toBeUndefined();
      // The registry is not overwritten, and not read again for an hour.
      await expect(read()).rejects.toThrow("JSON");
      const { length } = events;
      await clock.advance(hourMs - 1);
      await claims.claim(unknown);
      expect(events).toHaveLength(length);
    },
  );
});

describe("a check while the store refuses writes", () => {
  it("reads but does not write", async () => {
    const { clock, one, read } = bench();
    await one("production").claims.claim(unknown);
    await clock.advance(1);
    const { claims, context, faults } = one("staging", "consume");
    // Without a refused write the last result counts.
    expect(await claims.checkClaim(undefined)).toBeUndefined();
    expect(faults.calls("get")).toBe(0);
    const gone = Object.assign(new Error("x"), { code: "CACHE_UNAVAILABLE", reason: "readonly" });
    await context.health.watched("set", () => Promise.reject(gone)).catch(() => {});
    expect(await claims.checkClaim(undefined)).toMatchObject({ environment: "production" });
    expect(faults.calls("set")).toBe(0);
    expect((await read())?.claims).toHaveLength(1);
    // If reads fail too, the last claim that was read counts until it has expired.
    faults.next("get", "fail-before");
    expect(await claims.checkClaim(undefined)).toMatchObject({ environment: "production" });
    await clock.advance(3 * dayMs);
    faults.next("get", "fail-before");
    expect(await claims.checkClaim(undefined)).toBeUndefined();
  });

  it("is not needed if environments may share, or if the last check is recent", async () => {
    const { clock, one } = bench();
    await one("production").claims.claim(unknown);
    await clock.advance(1);
    for (const onConflict of ["coexist", "warn"] as const) {
      const { claims, context, faults } = one("staging", onConflict);
      await claims.claim(unknown);
      const reads = faults.calls("get");
      const gone = Object.assign(new Error("x"), { code: "CACHE_UNAVAILABLE" });
      await context.health.watched("set", () => Promise.reject(gone)).catch(() => {});
      expect(await claims.checkClaim(ended)).toBeUndefined();
      expect(faults.calls("get")).toBe(reads);
      await clock.advance(hourMs);
      expect(await claims.checkClaim(ended)).toBeUndefined();
      expect(faults.calls("get")).toBe(onConflict === "coexist" ? reads : reads + 1);
    }
  });

  it("hides no error except the store's", async () => {
    const { one, write } = bench();
    await write("no registry");
    const { claims, context } = one("staging");
    const gone = Object.assign(new Error("x"), { code: "CACHE_UNAVAILABLE" });
    await context.health.watched("set", () => Promise.reject(gone)).catch(() => {});
    await expect(claims.checkClaim(undefined)).rejects.toMatchObject({ code: "UNREADABLE_ENTRY" });
    expect(await claims.checkClaim(ended)).toBeUndefined();
    const { storeClock, view } = one("staging");
    const broken = { ...view, get: () => Promise.reject(new TypeError("a fault of the driver")) };
    const over = { ...view, at: () => broken };
    const next = new Ownership(context, storeClock, over, "error");
    await expect(next.checkClaim(ended)).rejects.toThrow("a fault of the driver");
  });
});

describe("a consumer that waits for a missing credential", () => {
  it("checks every ten seconds for the claim that it follows", async () => {
    const { claimOf, clock, one, platform, registry, write } = bench();
    const { claims, faults } = one("staging", "consume");
    await write({ v: 1, claims: [claimOf("b", 2), claimOf("a", 1), claimOf("c", 3)] });
    expect(await claims.recheckClaims()).toMatchObject({ environment: "a" });
    await clock.advance(9_999);
    expect(await claims.recheckClaims()).toBeUndefined();
    expect(faults.calls("get")).toBe(1);
    await clock.advance(1);
    await write({ v: 1, claims: [claimOf("a", 1), { later: 1 }] });
    expect(await claims.recheckClaims()).toBeUndefined();
    await clock.advance(10_000);
    await write("no registry");
    expect(await claims.recheckClaims()).toBeUndefined();
    await clock.advance(10_000);
    await registry.delete(platform.id);
    expect(await claims.recheckClaims()).toBe("gone");
    await clock.advance(10_000);
    await write({ v: 1, claims: [claimOf("staging", 5), claimOf("b", 6)] });
    // Its own claim is the first one.
    expect(await claims.recheckClaims()).toBe("gone");
  });
});
