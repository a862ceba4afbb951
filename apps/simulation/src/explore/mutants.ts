/**
 * The protocol without one of its rules. The search must find each mutant. A mutant that survives
 * shows a gap in the search.
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
  /** The missing rule. */
  readonly lacks: string;
  /** The search that finds it. */
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

/** Returns the production reducer with a change to its input or its output. */
function changingReducer(change: Change): Partial<Protocol> {
  const reduce = (
    state: State | undefined,
    event: StateEvent,
    nowMs: number,
    rules: Parameters<Reduce>[3],
  ): Decided => change(state, event, nowMs, production)(rules);
  return { reduce: reduce as Reduce };
}

/**
 * Hides fields of the document from the reducer for some events.
 */
function withoutFields(
  fields: (state: State) => Partial<State>,
  applies: (event: StateEvent, state: State) => boolean,
): Partial<Protocol> {
  return changingReducer((state, event, nowMs, decide) => (rules) => {
    if (state === undefined || !applies(event, state)) return decide(state, event, nowMs, rules);
    return decide(pruned({ ...state, ...fields(state) }), event, nowMs, rules);
  });
}

/** Changes the event before the production reducer decides it. */
function changingEvent(
  change: (event: StateEvent, state: State | undefined) => StateEvent,
): Partial<Protocol> {
  return changingReducer(
    (state, event, nowMs, decide) => (rules) => decide(state, change(event, state), nowMs, rules),
  );
}

/** Changes the document that the production reducer writes. */
function changingResult(
  change: (next: State, before: State | undefined, event: StateEvent) => State,
): Partial<Protocol> {
  return changingReducer((state, event, nowMs, decide) => (rules) => {
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
 * A commit that ignores outcomes reported during its attempt, and requests that could still be
 * processed when its own was sent.
 */
const trustingCommit = changingReducer((state, event, nowMs, decide) => (rules) => {
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
const noRequestInFlight = (): Partial<State> => ({ ...noIntent(), inFlightUntilMs: 0 });

/** True if an intent is written for the first time, not again after a lost reply. */
function isFirst(event: StateEvent, state: State): event is IntentEvent {
  return event.type === "intent" && state.intent?.operationId !== event.operationId;
}

function counterOf(state: State | undefined): number {
  const id = state?.outcomeId ?? "";
  return id.startsWith("c") ? Number(id.slice(1)) : 0;
}

export const mutants: readonly Mutant[] = [
  {
    name: "a reset without a bar",
    lacks: "a reset raises the bar over what any node may write back",
    bounds: bounds.resets,
    protocol: changingReducer((state, event, nowMs, decide) => (rules) => {
      const decision = decide(state, event, nowMs, rules);
      if (event.type !== "reset" || decision.state === undefined) return decision;
      return { ...decision, state: { ...decision.state, minEpoch: state?.minEpoch ?? 0 } };
    }),
  },
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
    protocol: changingResult((next, before, event) => {
      const isRefused = event.type === "commit" && next.credential?.commitId !== event.operationId;
      return isRefused ? { ...next, outcomeId: before?.outcomeId ?? next.outcomeId } : next;
    }),
  },
  {
    name: "H3 counter instead of random ids",
    lacks: "outcome ids count up, so that a failover repeats them",
    bounds: bounds.regression,
    protocol: changingResult((next, before) =>
      next.outcomeId === before?.outcomeId
        ? next
        : { ...next, outcomeId: `c${counterOf(before) + 1}` },
    ),
  },
  {
    name: "H4 crashed holder's intent unseen",
    lacks: "the next lease holder does not see an open intent",
    bounds: small,
    protocol: withoutFields(noIntent, isFirst),
  },
  {
    name: "no re-read after the lock",
    lacks:
      "the leader decides on the document that it knew before it got the lock, and overwrites the stored one",
    bounds: small,
    protocol: { rereads: false, compares: false },
  },
  {
    name: "no compare-and-set of the intent",
    lacks: "the intent is written over any stored version",
    bounds: small,
    protocol: { compares: false },
  },
  {
    name: "no compare in reject",
    lacks: "a rejection marks the stored credential, whichever it is",
    bounds: bounds.rejections,
    protocol: changingEvent((event, state) => {
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
    lacks: "a credential that the platform has not called dead is marked as dead",
    bounds: bounds.complaints,
    protocol: changingEvent((event) => {
      if (event.type === "suspect" && event.found === "refused") return { ...event, found: "dead" };
      return event.type === "intent" && event.reason === "rejected"
        ? { ...event, isDead: true }
        : event;
    }),
  },
  {
    name: "no intent",
    lacks: "a request leaves without an intent",
    bounds: small,
    protocol: { writesIntent: false },
  },
  {
    name: "no doubt",
    lacks: "no event marks doubt",
    bounds: small,
    protocol: changingResult((next) => ({ ...next, doubtSinceMs: undefined }) as unknown as State), // `pruned` drops it.
  },
  {
    name: "no outcome check and no undrained doubt",
    lacks:
      "a commit does not compare the outcome, and an intent ignores requests that could still be processed",
    bounds: small,
    protocol: changingReducer((state, event, nowMs, decide) => (rules) => {
      if (state !== undefined && isFirst(event, state))
        return decide(pruned({ ...state, ...noRequestInFlight() }), event, nowMs, rules);
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
    lacks: "a reconciling refresh assumes that every earlier request was processed",
    bounds: small,
    protocol: withoutFields(
      noRequestInFlight,
      (event, state) => isFirst(event, state) && event.reason === "reconcile",
    ),
  },
  {
    name: "commit ignores its lease",
    lacks: "a commit does not check whether its lease held",
    bounds: bounds.regression,
    protocol: changingEvent((event) =>
      event.type === "commit" ? { ...event, leaseHeld: true } : event,
    ),
  },
  {
    name: "repair by higher epoch",
    lacks: "a process writes back every credential of a higher epoch",
    bounds: bounds.regression,
    protocol: {
      repairsByEpoch: true,
      ...changingEvent((event, state) => {
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
            previous: { fingerprint: stored.fingerprint },
          },
        };
      }),
    },
  },
  {
    name: "crashed holder leaves no doubt",
    lacks: "an intent that overwrites an open one marks no doubt, as long as the drain has passed",
    bounds: small,
    protocol: changingResult((next, before, event) => {
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
    name: "doubting commit forgets the other request",
    lacks:
      "a commit that was not alone lets the next request leave before the other one must have been processed",
    bounds: bounds.failover,
    protocol: changingResult((next, before, event) =>
      event.type === "commit" ? { ...next, inFlightUntilMs: before?.inFlightUntilMs ?? 0 } : next,
    ),
  },
];
