import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, it } from "vitest";
import { claimsPath } from "../cache/claims-path.ts";
import { refusedButAlive } from "../leader/block-reason.ts";
import {
  CacheUnavailableError,
  CredentialConflictError,
  CredentialUnavailableError,
  QuotaExhaustedError,
  type LingpaiError,
} from "../errors.ts";
import {
  credential,
  eventChannelName,
  type CredentialEvent,
  type CredentialOptions,
} from "../index.ts";
import { scriptedIssuer, seededRandom } from "../testing/index.ts";
import { LazyWeakSet } from "../refresh/lazy-weak-set.ts";
import { staleReasonOf } from "./stale-cause.ts";
import { fleet, within, type Fleet, type Node } from "../scenarios/fleet.fixture.ts";

/** Just after the mandatory window has begun, for a credential of two hours. */
const mandatoryMs = 7_200_000 - 120_000;

interface Case {
  readonly cause: string;
  readonly options?: (world: Fleet) => Partial<CredentialOptions>;
  readonly happens: (world: Fleet, one: Node) => unknown;
  /** When the cause is read. @defaultValue a minute into the mandatory window */
  readonly afterMs?: number;
}

const cases: readonly Case[] = [
  { cause: "store", happens: (_, one) => (one.faults.unreachable = true) },
  {
    cause: "platform",
    happens: ({ platform }) =>
      platform.script(...Array.from({ length: 99 }, () => "unknown-unprocessed" as const)),
  },
  {
    cause: "quota",
    options: () => ({ parameters: { quotaPerDay: 20, quotaReserve: 0 } }),
    happens: async (_, one) => one.reconcileQuota({ used: 20, remaining: 0 }),
  },
  {
    cause: "fatal",
    happens: ({ platform }) =>
      platform.script(...Array.from({ length: 9 }, () => "fatal" as const)),
  },
  {
    cause: "back-off",
    happens: async ({ document, write }) => {
      const state = (await document())!;
      await write({
        ...state,
        failures: 9,
        backOffUntilMs: state.credential!.issuedAtMs + mandatoryMs + 200_000,
      });
    },
  },
  {
    cause: "owner",
    happens: ({ platform, store }) =>
      store
        .lock()
        .withPrefix("production")
        .tryAcquire(platform.id, "somebody", 2 ** 31 - 1),
  },
  {
    // A call was refused, the platform gives no verdict, and the budget for that is used up.
    cause: "governor",
    options: ({ platform }) => ({
      issuer: {
        ...{ id: platform.id, lifetimeMs: platform.lifetimeMs, policy: platform.policy },
        issue: async (request) => platform.issue(request),
        probe: async () => "unknown",
      },
      parameters: { quotaPerDay: 20 },
    }),
    happens: async ({ clock, document, write }) => {
      const passedMs = 6_200_000;
      await clock.advance(passedMs);
      const state = (await document())!;
      const { fingerprint, issuedAtMs } = state.credential!;
      const nowMs = issuedAtMs + passedMs;
      const budgets = { refusals: nowMs + 17_000_000, manual: 0 };
      await write({ ...state, suspect: { fingerprint, atMs: nowMs }, budgets });
    },
    afterMs: mandatoryMs - 6_200_000 + 60_000,
  },
  {
    cause: "claim",
    happens: async ({ cache, clock, platform }) => {
      const entry = (await cache.at(claimsPath).get(platform.id))!;
      const registry = JSON.parse(entry.value) as { claims: readonly { sinceMs: number }[] };
      const [own] = registry.claims;
      const earlier = { ...own, environment: "staging", path: ["staging"], sinceMs: 1 };
      const claims = [...registry.claims, earlier];
      await cache.at(claimsPath).set(platform.id, JSON.stringify({ ...registry, claims }));
      await clock.advance(3_600_000);
    },
    afterMs: mandatoryMs - 3_600_000 + 60_000,
  },
  {
    cause: "document",
    happens: async ({ cache, document, platform }) => {
      const state = (await document())!;
      await cache.withPrefix("production").set(platform.id, JSON.stringify({ ...state, v: 2 }));
    },
  },
];

describe("a credential that is served past its refresh time", () => {
  it.each(cases)(
    "is reported with the obstacle to its replacement: $cause",
    async ({ afterMs = mandatoryMs + 60_000, cause, happens, options }) => {
      const world = fleet();
      const one = world.node(options?.(world));
      await within(world.clock, 2_000, one.get());
      await happens(world, one);
      await world.clock.advance(afterMs);
      expect(one.events.filter(({ type }) => type === "kept-stale")).toMatchObject([{ cause }]);
      await one.close();
    },
  );

  it.each<[string, () => Error]>([
    ["is not to be had", () => new CredentialUnavailableError("There is none.")],
    ["has no quota left", () => new QuotaExhaustedError("None is left.", 1, 1)],
    ["belongs to another environment", () => new CredentialConflictError("Taken.", "staging")],
    ["cannot reach its store", () => new CacheUnavailableError("Gone.", { reason: "timeout" })],
  ])("names its parent if that %s", async (_, error) => {
    const { clock, node } = fleet();
    const issuer = scriptedIssuer({ clock, id: "test:child:wx1" });
    const parent = node();
    let isGone = false;
    const one = node({
      issuer,
      parent: {
        get: async () => {
          if (isGone) throw error();
          return parent.get();
        },
        reject: (...refused) => parent.reject(...refused),
      },
    });
    await within(clock, 2_000, one.get());
    isGone = true;
    await clock.advance(mandatoryMs + 60_000);
    const { code } = error() as LingpaiError;
    expect(one.events.filter(({ type }) => type === "kept-stale")).toMatchObject([
      { cause: "parent", errorCode: code },
    ]);
    await Promise.all([one.close(), parent.close()]);
  });

  it("is not reported with a parent if the error concerns itself", () => {
    const none = new LazyWeakSet<object>();
    expect(
      staleReasonOf({ error: refusedButAlive("x"), block: undefined }, undefined, none),
    ).toEqual({
      cause: "platform",
      errorCode: "CREDENTIAL_UNAVAILABLE",
    });
  });

  it("is not reported if no caller needs another one", async () => {
    const { clock, platform, store } = fleet();
    const told: unknown[] = [];
    const note = (event: unknown): unknown => told.push((event as CredentialEvent).type);
    subscribe(eventChannelName, note);
    const one = credential({
      issuer: platform,
      cache: store.cache(),
      lock: store.lock(),
      environment: "unwanted",
      clock,
      random: seededRandom("unwanted"),
    });
    await within(clock, 2_000, one.get());
    // It is refreshed once more, within a lifetime of its use, and not again.
    await clock.advance(14_400_000);
    await one.close();
    unsubscribe(eventChannelName, note);
    expect(told).toEqual(["refreshed", "retired", "refreshed", "retired", "closed"]);
  });
});
