/**
 * The protocol with one thing left out. Each must be found; one that survives shows a hole in the
 * search.
 */
import {
  reduce as production,
  type IntentEvent,
  type State,
  type StateEvent,
} from "@lingpai/core/internal/state";
import { bounds, small } from "./model/bounds.ts";
import type { Bounds, Protocol, Reduce } from "./model/model.ts";

export interface Mutant {
  readonly name: string;
  /** What it leaves out. */
  readonly lacks: string;
  /** Where it is found. */
  readonly bounds: Bounds;
  readonly protocol: Partial<Protocol>;
}

type Decided = ReturnType<typeof production<StateEvent>>;
type Change = (
  state: State | undefined,
  event: StateEvent,
  nowMs: number,
  decide: Reduce,
) => (rules: Parameters<Reduce>[3]) => Decided;

/** Production's reducer, with a change made to what goes in or what comes out. */
function reducing(change: Change): Partial<Protocol> {
  const reduce = (
    state: State | undefined,
    event: StateEvent,
    nowMs: number,
    rules: Parameters<Reduce>[3],
  ): Decided => change(state, event, nowMs, production)(rules);
  return { reduce: reduce as Reduce };
}

/**
 * The same event, as if the document were another; what the other document lacked is put back
 * unless the event wrote it.
 */
function without(
  fields: (state: State) => Partial<State>,
  applies: (event: StateEvent, state: State) => boolean,
): Partial<Protocol> {
  return reducing((state, event, nowMs, decide) => (rules) => {
    if (state === undefined || !applies(event, state)) return decide(state, event, nowMs, rules);
    return decide(pruned({ ...state, ...fields(state) }), event, nowMs, rules);
  });
}

/** The event changed before production decides it. */
function hearing(
  change: (event: StateEvent, state: State | undefined) => StateEvent,
): Partial<Protocol> {
  return reducing(
    (state, event, nowMs, decide) => (rules) => decide(state, change(event, state), nowMs, rules),
  );
}

/** What production wrote, changed. */
function writing(
  change: (next: State, before: State | undefined, event: StateEvent) => State,
): Partial<Protocol> {
  return reducing((state, event, nowMs, decide) => (rules) => {
    const decided = decide(state, event, nowMs, rules);
    return decided.state === undefined
      ? decided
      : { ...decided, state: pruned(change(decided.state, state, event)) };
  });
}

function pruned(state: State): State {
  return Object.fromEntries(
    Object.entries(state).filter(([, value]) => value !== undefined),
  ) as unknown as State; // Dropping absent optional fields keeps it a State.
}

/**
 * A commit that knows nothing of what was reported during its flight, nor of what could still be
 * processed when it left.
 */
const trustingCommit = reducing((state, event, nowMs, decide) => (rules) => {
  if (state === undefined || event.type !== "commit") return decide(state, event, nowMs, rules);
  const decided = decide(
    { ...state, inFlightUntilMs: 0 },
    { ...event, intentOutcomeId: state.outcomeId },
    nowMs,
    rules,
  );
  return decided.state === undefined
    ? decided
    : { ...decided, state: { ...decided.state, inFlightUntilMs: state.inFlightUntilMs } };
});

const noIntent = (): Partial<State> => ({ intent: undefined }) as unknown as Partial<State>; // An absent field, for `pruned` to drop.
const noDanger = (): Partial<State> => ({ ...noIntent(), inFlightUntilMs: 0 });

/** An intent that is not merely written again because an answer was lost. */
function isFirst(event: StateEvent, state: State): event is IntentEvent {
  return event.type === "intent" && state.intent?.operationId !== event.operationId;
}

function counterOf(state: State | undefined): number {
  const id = state?.outcomeId ?? "";
  return id.startsWith("c") ? Number(id.slice(1)) : 0;
}

export const mutants: readonly Mutant[] = [
  {
    name: "H1 commit clears doubt by its lease alone",
    lacks:
      "a commit does not compare the outcome that its intent left, nor look for an undrained request",
    bounds: small,
    protocol: trustingCommit,
  },
  {
    name: "H2 refused commit leaves the outcome id",
    lacks: "a commit that came too late does not change the outcome id",
    bounds: bounds.regression,
    protocol: writing((next, before, event) => {
      const isRefused = event.type === "commit" && next.credential?.commitId !== event.operationId;
      return isRefused ? { ...next, outcomeId: before?.outcomeId ?? next.outcomeId } : next;
    }),
  },
  {
    name: "H3 counter instead of random ids",
    lacks: "outcome ids count up, so that a failover repeats them",
    bounds: bounds.regression,
    protocol: writing((next, before) =>
      next.outcomeId === before?.outcomeId
        ? next
        : { ...next, outcomeId: `c${counterOf(before) + 1}` },
    ),
  },
  {
    name: "H4 crashed holder's intent unseen",
    lacks: "whoever acquires next does not see an open intent",
    bounds: small,
    protocol: without(noIntent, isFirst),
  },
  {
    name: "no re-read after the lock",
    lacks:
      "the leader decides on what it knew before it got the lock, and overwrites what is stored",
    bounds: small,
    protocol: { rereads: false, compares: false },
  },
  {
    name: "no compare-and-set of the intent",
    lacks: "the intent is written whatever version is stored by then",
    bounds: small,
    protocol: { compares: false },
  },
  {
    name: "no compare in reject",
    lacks: "a rejection marks whatever is stored",
    bounds: bounds.rejections,
    protocol: hearing((event, state) => {
      const fingerprint = state?.credential?.fingerprint;
      if (fingerprint === undefined) return event;
      if (event.type === "suspect") return { ...event, fingerprint };
      return event.type === "intent" && event.reason === "rejected"
        ? { ...event, refused: fingerprint }
        : event;
    }),
  },
  {
    name: "one complaint is believed for everybody",
    lacks: "what the platform has not called dead is marked as dead",
    bounds: bounds.complaints,
    protocol: hearing((event) => {
      if (event.type === "suspect" && event.found === "refused") return { ...event, found: "dead" };
      return event.type === "intent" && event.reason === "rejected"
        ? { ...event, isDead: true }
        : event;
    }),
  },
  {
    name: "no intent",
    lacks: "a request leaves without being announced",
    bounds: small,
    protocol: { announces: false },
  },
  {
    name: "no doubt",
    lacks: "nothing ever marks doubt",
    bounds: small,
    protocol: writing((next) => ({ ...next, doubtSinceMs: undefined }) as unknown as State), // `pruned` drops it.
  },
  {
    name: "no outcome check and no undrained doubt",
    lacks:
      "a commit does not compare the outcome, and an intent forgets what could still be processed",
    bounds: small,
    protocol: reducing((state, event, nowMs, decide) => (rules) => {
      if (state !== undefined && isFirst(event, state))
        return decide(pruned({ ...state, ...noDanger() }), event, nowMs, rules);
      return decide(
        state,
        event.type === "commit" && state !== undefined
          ? { ...event, intentOutcomeId: state.outcomeId }
          : event,
        nowMs,
        rules,
      );
    }),
  },
  {
    name: "reconcile skips the drain",
    lacks: "a reconciling refresh takes every earlier request for processed",
    bounds: small,
    protocol: without(
      noDanger,
      (event, state) => isFirst(event, state) && event.reason === "reconcile",
    ),
  },
  {
    name: "commit ignores its lease",
    lacks: "a commit does not look whether its lease held",
    bounds: bounds.regression,
    protocol: hearing((event) => (event.type === "commit" ? { ...event, leaseHeld: true } : event)),
  },
  {
    name: "repair by higher epoch",
    lacks: "a process writes back whatever it holds of a higher epoch",
    bounds: bounds.regression,
    protocol: {
      repairsByEpoch: true,
      ...hearing((event, state) => {
        const stored = state?.credential;
        if (
          event.type !== "repair" ||
          stored === undefined ||
          (event.known.credential?.epoch ?? 0) <= stored.epoch
        )
          return event;
        return {
          ...event,
          known: {
            ...event.known,
            previous: { fingerprint: stored.fingerprint, usableUntilMs: 0 },
          },
        };
      }),
    },
  },
  {
    name: "crashed holder leaves no doubt",
    lacks: "an intent that overwrites an open one marks no doubt, as long as the drain has passed",
    bounds: small,
    protocol: writing((next, before, event) => {
      const isDrained =
        event.type === "intent" &&
        before?.intent !== undefined &&
        next.inFlightUntilMs <= (next.intent?.atMs ?? 0);
      if (!isDrained || before.doubtSinceMs !== undefined) return next;
      // `pruned` drops what is undefined, so the result is a state.
      return { ...next, doubtSinceMs: undefined } as unknown as State;
    }),
  },
  {
    name: "doubting commit leaves no danger",
    lacks:
      "a commit that was not alone lets the next request go before the other one must have been processed",
    bounds: bounds.failover,
    protocol: writing((next, before, event) =>
      event.type === "commit" ? { ...next, inFlightUntilMs: before?.inFlightUntilMs ?? 0 } : next,
    ),
  },
];
