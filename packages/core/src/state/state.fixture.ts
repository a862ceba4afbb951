/** A document and events for tests. Each test changes only the fields that it is about. */
import type { AbandonEvent } from "./abandon.ts";
import type { CommitEvent } from "./commit.ts";
import type { IntentEvent } from "./intent.ts";
import { reduce, type Decision, type StateEvent } from "./reduce.ts";
import type { Rules } from "./rules.ts";
import { emptyState, type StoredCredential, type State } from "./state.ts";

/** Noon on a platform day. */
export const noonMs: number = 20_000 * 86_400_000;
export const lifetimeMs = 7_200_000;

export const rules: Rules = {
  supersedes: true,
  canAsk: true,
  onContention: "report",
  overlapMs: 300_000,
  rotates: false,
  inputGraceMs: 0,
  drainMs: 15_000,
  marginMs: 30_000,
  quotaPerDay: 100,
  quotaReserve: 0.1,
  dayOffsetMs: 8 * 3_600_000,
  forced: { perDay: 20, gapMs: 30_000 },
  governor: {
    refusals: { burst: 10, intervalMs: 1_728_000 },
    manual: { burst: 4, intervalMs: 21_600_000 },
    again: { firstMs: 1_000, maxMs: 600_000 },
  },
  backOff: { firstMs: 1_000, maxMs: 60_000 },
};

export const today: number = Math.floor((noonMs + rules.dayOffsetMs) / 86_400_000);

/** A credential as it is stored; `name` becomes its secret, fingerprint and commit. */
export function storedCredential(
  name: string,
  changes: Partial<StoredCredential> = {},
): StoredCredential {
  const sentAtMs = noonMs - 600_000;
  return {
    generation: 1,
    epoch: 10,
    commitId: `commit-${name}`,
    secret: `secret-${name}`,
    fingerprint: name,
    sentAtMs,
    issuedAtMs: sentAtMs + 100,
    expiresAtMs: sentAtMs + lifetimeMs,
    by: { node: "n1", environment: "test", reason: "advisory" },
    ...changes,
  };
}

/** A document with a live credential T1 and nothing in flight. */
export function stateWith(changes: Partial<State> = {}): State {
  return {
    ...emptyState,
    outcomeId: "at rest",
    credential: storedCredential("T1"),
    quota: { day: today, used: 3, forced: { used: 0, lastAtMs: 0 } },
    ...changes,
  };
}

export function intent(changes: Partial<IntentEvent> = {}): IntentEvent {
  return {
    type: "intent",
    fence: 11,
    operationId: "op",
    outcomeId: "announced",
    reason: "advisory",
    forced: false,
    replaces: "commit-T1",
    ...changes,
  };
}

export function commit(
  changes: Partial<CommitEvent> = {},
  issued: Partial<CommitEvent["issued"]> = {},
): CommitEvent {
  const {
    generation: _,
    epoch: __,
    commitId: ___,
    ...fresh
  } = storedCredential("T2", {
    sentAtMs: noonMs,
    issuedAtMs: noonMs + 100,
    expiresAtMs: noonMs + lifetimeMs,
  });
  return {
    type: "commit",
    epoch: 11,
    operationId: "op",
    intentOutcomeId: "announced",
    outcomeId: "committed",
    leaseHeld: true,
    issued: { ...fresh, ...issued },
    ...changes,
  };
}

export function abandon(changes: Partial<AbandonEvent> = {}): AbandonEvent {
  return {
    type: "abandon",
    operationId: "op",
    outcomeId: "abandoned",
    sentAtMs: noonMs,
    outcome: "refused",
    code: "-1",
    ...changes,
  };
}

/** Decides at noon, or `afterMs` later, by the fixture's rules. */
export function decide<E extends StateEvent>(
  state: State | undefined,
  event: E,
  afterMs = 0,
  changes: Partial<Rules> = {},
): Decision<E> {
  return reduce(state, event, noonMs + afterMs, { ...rules, ...changes });
}

/** Returns the document after an event that must change it. */
export function after(
  state: State | undefined,
  event: StateEvent,
  afterMs = 0,
  changes: Partial<Rules> = {},
): State {
  const next = decide(state, event, afterMs, changes).state;
  if (next === undefined) throw new Error(`The ${event.type} was expected to change the document.`);
  return next;
}
