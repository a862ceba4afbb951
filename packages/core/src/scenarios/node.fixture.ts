/** One node, or its refreshes, over a simulated store, for tests of single steps. */
import type { CredentialEvent, CredentialOptions, Issuer } from "../index.ts";
import { Adoption } from "../fleet/adoption.ts";
import { contextFrom } from "../fleet/context.ts";
import { LocalCopy, type Goal } from "../fleet/local-copy.ts";
import { LostRequestDetector } from "../fleet/lost-request.ts";
import type { FleetNode } from "../fleet/node.ts";
import { StoreClock } from "../fleet/store-clock.ts";
import type { BlockReason } from "../leader/block-reason.ts";
import { Assembly } from "../manager/assembly.ts";
import type { StoredCredential } from "../state/state.ts";
import {
  faultPlan,
  faultyCache,
  faultyLock,
  manualClock,
  seededRandom,
  simulatedStore,
} from "../testing/index.ts";
import { Closing } from "../time/closing.ts";
import { neverAsked, type Fleet } from "./fleet.fixture.ts";

export const lifetimeMs = 7_200_000;

export function oneNode(
  issuer: Partial<Issuer> = {},
  options: Partial<Omit<CredentialOptions, "issuer">> = {},
) {
  const clock = manualClock();
  const random = seededRandom("node");
  const store = simulatedStore({ clock, random });
  const context = contextFrom({
    issuer: { ...neverAsked, ...issuer },
    cache: store.cache(),
    lock: store.lock(),
    environment: "production",
    node: "node-1",
    clock,
    random,
    ...options,
  });
  const events: CredentialEvent[] = [];
  context.bus.subscribe((event) => void events.push(event));
  const storeClock = new StoreClock(clock, context.bus);
  const changes = { count: 0 };
  const local = new LocalCopy(context, storeClock, { onLocalChange: () => (changes.count += 1) });
  const adoption = new Adoption({ context, storeClock, local });
  const lostRequests = new LostRequestDetector(
    clock,
    storeClock,
    context.parameters.fetchDeadlineMs,
  );
  const node: FleetNode = { context, storeClock, local, adoption, lostRequests };
  const typesOf = (): string[] => events.map(({ type }) => type);
  return { ...node, node, changes, clock, events, random, store, typesOf };
}

/** A credential that was issued at this instant, and is named by its generation. */
export function storedAt(nowMs: number, given: Partial<StoredCredential> = {}): StoredCredential {
  const generation = given.generation ?? 1;
  return {
    generation,
    epoch: generation,
    commitId: `commit-${generation}`,
    secret: `secret-${generation}`,
    fingerprint: `fingerprint-${generation}`,
    sentAtMs: nowMs,
    issuedAtMs: nowMs,
    expiresAtMs: nowMs + lifetimeMs,
    by: { node: "node-2", environment: "production", reason: "cold" },
    ...given,
  };
}

/** Another process of the fleet. The test starts each of its refreshes. */
export function assembled(world: Fleet, overrides: Partial<CredentialOptions> = {}) {
  const { clock, platform, store } = world;
  const faults = faultPlan({ clock });
  const options: CredentialOptions = {
    issuer: platform,
    cache: faultyCache(store.cache(), faults),
    lock: faultyLock(store.lock(), faults),
    environment: "production",
    node: "node-0",
    clock,
    random: seededRandom("node-0"),
    ...overrides,
  };
  const closing = new Closing();
  const context = contextFrom(options);
  const events: CredentialEvent[] = [];
  context.bus.subscribe((event) => void events.push(event));
  const assembly = new Assembly(context, options, closing);
  const blocks: BlockReason[] = [];
  const refresh = (goal: Goal, patient = true): Promise<void> =>
    assembly.refresh(goal, patient, (block) => void blocks.push(block));
  return { assembly, blocks, closing, context, events, faults, refresh };
}

/**
 * How long after each unsent request the next one was made, in s, rounded to the next power of 2.
 */
export function pausesAfterUnsent({ platform: { issues } }: Fleet): number[] {
  return issues.flatMap(({ outcome, sentAtMs }, index) => {
    const next = issues[index + 1];
    if (outcome !== "unsent" || next === undefined) return [];
    return [2 ** Math.round(Math.log2((next.sentAtMs - sentAtMs) / 1_000))];
  });
}
