/** Which uses of a credential count, and how a consumer reports its use to the owners. */
import { describe, expect, it } from "vitest";
import { Demand } from "./demand.ts";
import { CacheUnavailableError } from "../errors.ts";
import { contextFrom } from "../fleet/context.ts";
import type { DocumentSource } from "../fleet/document-source.ts";
import { LocalCopy } from "../fleet/local-copy.ts";
import type { FleetNode } from "../fleet/node.ts";
import { StoreClock } from "../fleet/store-clock.ts";
import { neverAsked } from "../scenarios/fleet.fixture.ts";
import { stateWith, storedCredential } from "../state/state.fixture.ts";
import { manualClock, seededRandom, simulatedStore } from "../testing/index.ts";

const { lifetimeMs } = neverAsked;
const shortMs = 600_000;

function bench({ keepAlive = false } = {}) {
  const clock = manualClock();
  const random = seededRandom("demand");
  const store = simulatedStore({ clock, random });
  const context = contextFrom({
    issuer: neverAsked,
    cache: store.cache(),
    lock: store.lock(),
    environment: "production",
    clock,
    random,
  });
  const storeClock = new StoreClock(clock, context.bus);
  const local = new LocalCopy(context, storeClock, { onLocalChange: () => {} });
  const demand = new Demand({ context, storeClock, local } as FleetNode, keepAlive);
  const marks: unknown[] = [];
  let failure: Error | undefined;
  const source = (role: "owner" | "consumer"): DocumentSource =>
    // Demand uses only these two members.
    ({
      role,
      document: {
        apply: async (event: unknown) => {
          marks.push(event);
          if (failure !== undefined) throw failure;
        },
      },
    }) as unknown as DocumentSource;
  /** Caches a credential of this generation, with this remaining lifetime, from now on. */
  const hold = (generation: number, ms: number, commitId = `commit-${generation}`): void => {
    const sentAtMs = storeClock.nowMs();
    const times = { sentAtMs, issuedAtMs: sentAtMs, expiresAtMs: sentAtMs + ms };
    const credential = storedCredential("T", { generation, commitId, ...times });
    local.adopt(stateWith({ credential }), credential);
  };
  return {
    clock,
    context,
    demand,
    hold,
    local,
    marks,
    source,
    storeClock,
    fail: (error: Error | undefined) => (failure = error),
  };
}

describe("a credential", () => {
  it("is needed for one lifetime after a caller waited for it", async () => {
    const { clock, demand } = bench();
    expect(demand.isWanted(undefined)).toBe(false);
    demand.use();
    expect(demand.isWanted(undefined)).toBe(true);
    await clock.advance(lifetimeMs - 1);
    expect(demand.isWanted(undefined)).toBe(true);
    await clock.advance(1);
    expect(demand.isWanted(undefined)).toBe(false);
  });

  it("is needed while callers are served from memory", async () => {
    const { clock, demand, hold, local } = bench();
    hold(1, lifetimeMs);
    expect(demand.isWanted(undefined)).toBe(false);
    local.cached!.uses += 1;
    expect(demand.isWanted(undefined)).toBe(true);
    await clock.advance(lifetimeMs);
    expect(demand.isWanted(undefined)).toBe(false);
  });

  it("is needed for two lifetimes after a consumer's mark", async () => {
    const { clock, demand, storeClock } = bench();
    const markedAtMs = storeClock.nowMs();
    await clock.advance(2 * lifetimeMs - 1);
    expect(demand.isWanted(markedAtMs)).toBe(true);
    await clock.advance(1);
    expect(demand.isWanted(markedAtMs)).toBe(false);
  });

  it("is needed with keepAlive, and while its events have a listener", () => {
    expect(bench({ keepAlive: true }).demand.isWanted(undefined)).toBe(true);
    const { context, demand } = bench();
    const unsubscribe = context.bus.subscribe(() => {});
    expect(demand.isWanted(undefined)).toBe(true);
    unsubscribe();
    expect(demand.isWanted(undefined)).toBe(false);
  });

  it("that is returned again counts with the longest lifetime that was stated for it", async () => {
    const { clock, demand, hold } = bench();
    hold(1, lifetimeMs);
    demand.use();
    expect(demand.isWanted(undefined)).toBe(true);
    await clock.advance(lifetimeMs - shortMs);
    hold(1, shortMs, "handed-out-again");
    demand.use();
    await clock.advance(shortMs);
    expect(demand.isWanted(undefined)).toBe(true);
    hold(2, shortMs);
    expect(demand.isWanted(undefined)).toBe(false);
  });

  it("that has expired is still needed for its lifetime", async () => {
    const { clock, demand, hold, local } = bench();
    hold(1, shortMs);
    demand.use();
    expect(demand.isWanted(undefined)).toBe(true);
    local.forget();
    await clock.advance(shortMs);
    expect(demand.isWanted(undefined)).toBe(false);
  });
});

describe("a consumer", () => {
  it("writes one mark per lifetime while the credential is used", async () => {
    const { clock, demand, marks, source } = bench();
    await demand.mark(source("consumer"));
    expect(marks).toEqual([]);
    demand.use();
    await demand.mark(source("owner"));
    expect(marks).toEqual([]);
    await demand.mark(source("consumer"));
    expect(marks).toEqual([{ type: "use", everyMs: lifetimeMs }]);
    await clock.advance(lifetimeMs - 1);
    demand.use();
    await demand.mark(source("consumer"));
    expect(marks).toHaveLength(1);
    await clock.advance(1);
    await demand.mark(source("consumer"));
    expect(marks).toEqual([marks[0], { type: "use", everyMs: lifetimeMs, agoMs: 1 }]);
  });

  it("repeats a mark that the store has lost, at most once a second", async () => {
    const { clock, demand, marks, source } = bench();
    demand.use();
    await demand.mark(source("consumer"));
    await clock.advance(999);
    await demand.mark(source("consumer"), true);
    expect(marks).toHaveLength(1);
    await clock.advance(1);
    await demand.mark(source("consumer"));
    expect(marks).toHaveLength(1);
    await demand.mark(source("consumer"), true);
    expect(marks).toHaveLength(2);
  });

  it("with keepAlive marks an unused credential too", async () => {
    const { demand, marks, source } = bench({ keepAlive: true });
    await demand.mark(source("consumer"));
    expect(marks).toHaveLength(1);
  });

  it("without a right to write retries its mark after five minutes", async () => {
    const { clock, demand, fail, marks, source } = bench();
    demand.use();
    fail(new CacheUnavailableError("READONLY", { reason: "forbidden" }));
    await demand.mark(source("consumer"));
    await clock.advance(299_999);
    await demand.mark(source("consumer"));
    expect(marks).toHaveLength(1);
    await clock.advance(1);
    await demand.mark(source("consumer"));
    expect(marks).toHaveLength(2);
  });

  it("does not hide a programming error behind a mark that failed", async () => {
    const { demand, fail, source } = bench();
    demand.use();
    fail(new TypeError("broken"));
    await expect(demand.mark(source("consumer"))).rejects.toThrow("broken");
  });
});
