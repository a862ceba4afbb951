/** One process of a fleet that leads: whole refreshes, or single steps with a lease in hand. */
import type { CredentialOptions } from "../credential.ts";
import { fingerprintIn } from "../fleet/context.ts";
import type { Goal } from "../fleet/local-copy.ts";
import { fleet, within, type Fleet } from "../scenarios/fleet.fixture.ts";
import { assembled } from "../scenarios/node.fixture.ts";
import type { AttemptPlan, Attempt, LeaseContext } from "./attempt.ts";
import { writeIntent } from "./write-intent.ts";

export const cold: Goal = { reason: "cold" };
export const stable = { kind: "stable", renewWithinMs: 300_000 } as const;
export const rotate = { kind: "rotate", overlapMs: 300_000 } as const;

/** A process whose refreshes a test starts one by one. */
export function bench(
  options: Parameters<typeof fleet>[0] = {},
  overrides: (world: Fleet) => Partial<CredentialOptions> = () => ({}),
) {
  const world = fleet({ latencyMs: 0, ...options });
  const node = assembled(world, overrides(world));
  const { assembly, events } = node;
  const refresh = (goal: Goal = cold, ms = 1_000, patient = true) =>
    within(world.clock, ms, node.refresh(goal, patient));
  const ofType = (type: string) => events.filter((event) => event.type === type);
  const expired = (): Goal => ({
    reason: "expired",
    replaces: assembly.local.cached?.stored.commitId,
  });
  const rejected = (isDead = true): Goal => ({
    reason: "rejected",
    refused: assembly.local.cached?.stored.fingerprint,
    isDead,
  });
  const gaps = () =>
    world.platform.issues
      .slice(1)
      .map(({ sentAtMs }, index) => sentAtMs - world.platform.issues[index]!.sentAtMs);
  return { ...node, ...world, clock: world.clock, expired, gaps, ofType, refresh, rejected };
}

/** The steps of a leader, over a real document. */
export function steps(...given: Parameters<typeof bench>) {
  const made = bench(...given);
  const { assembly, clock } = made;
  const { signal } = new AbortController();
  const held = { times: Number.POSITIVE_INFINITY };
  const release = async (): Promise<boolean> => true;
  const lease: LeaseContext["lease"] = {
    fence: 1,
    signal,
    release,
    lost: "expired",
    isHeld: () => (held.times -= 1) >= 0,
  };
  const { document } = assembly.source;
  const leaseContext = (goal: Goal, changes: Partial<LeaseContext> = {}): LeaseContext => ({
    goal,
    lease,
    document,
    parent: undefined,
    claims: {
      claim: async () => undefined,
      readOthers: async () => {},
      otherClaimant: undefined,
      sinceMs: undefined,
    },
    probe: assembly.probe,
    closing: signal,
    startedMs: clock.monotonicMs(),
    ...changes,
  });
  const intend = (
    goal: Goal = cold,
    plan: Partial<AttemptPlan> = {},
    changes: Partial<LeaseContext> = {},
  ) =>
    writeIntent(assembly, leaseContext(goal, changes), assembly.outcomes, {
      forcing: "may",
      source: { from: "store" },
      ...plan,
    });
  /** Writes the intent of a request that may be sent. */
  const attempt = async (...intent: Parameters<typeof intend>): Promise<Attempt> => {
    const made = await intend(...intent);
    if (made.kind !== "ready") throw new Error(`Nothing may be sent: ${made.kind}.`);
    return made.attempt;
  };
  const fingerprint = (text: string): string => fingerprintIn(assembly.context, text);
  const { local, outcomes } = assembly;
  return { ...made, attempt, fingerprint, held, intend, local, outcomes };
}
