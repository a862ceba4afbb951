/**
 * The only place where the fleet's document changes. It is pure, so that production, simulation and
 * search run the same code.
 */
import { decideAbandon, type AbandonEvent, type AbandonVerdict } from "./abandon.ts";
import { decideCommit, type CommitEvent, type CommitVerdict } from "./commit.ts";
import { decideLedger, type LedgerEvent, type LedgerVerdict } from "./ledger.ts";
import { decideIntent, type IntentEvent, type IntentVerdict } from "./intent.ts";
import { decideRepair, type RepairEvent, type RepairVerdict } from "./repair.ts";
import { decideReset, type ResetEvent, type ResetVerdict } from "./reset.ts";
import { rulesOn, type Rules } from "./rules.ts";
import { decideSeed, type SeedEvent, type SeedVerdict } from "./seed.ts";
import { decideSettle, type SettleEvent, type SettleVerdict } from "./settle.ts";
import { emptyState, type State } from "./state.ts";
import { decideSwitch, type SwitchEvent, type SwitchVerdict } from "./switch.ts";
import { decideSuspect, type SuspectEvent, type SuspectVerdict } from "./suspect.ts";
import { decideUse, type UseEvent, type UseVerdict } from "./use.ts";

export type StateEvent =
  | IntentEvent
  | CommitEvent
  | AbandonEvent
  | SuspectEvent
  | RepairEvent
  | ResetEvent
  | SeedEvent
  | LedgerEvent
  | SettleEvent
  | UseEvent
  | SwitchEvent;

interface Verdicts {
  readonly intent: IntentVerdict;
  readonly commit: CommitVerdict;
  readonly abandon: AbandonVerdict;
  readonly suspect: SuspectVerdict;
  readonly repair: RepairVerdict;
  readonly reset: ResetVerdict;
  readonly seed: SeedVerdict;
  readonly ledger: LedgerVerdict;
  readonly settle: SettleVerdict;
  readonly use: UseVerdict;
  readonly switch: SwitchVerdict;
}

export type VerdictOf<E extends StateEvent> = Verdicts[E["type"]];

/** The document to write, if any, and the verdict for the caller. */
export interface Decision<E extends StateEvent> {
  /** The document to store; undefined leaves the store as it is. */
  readonly state?: State;
  readonly verdict: VerdictOf<E>;
}

/**
 * Decides one event on the document as it was read. An undefined document is an empty key. `nowMs`
 * is the store's time, never ahead of it.
 */
export function reduce<E extends StateEvent>(
  state: State | undefined,
  event: E,
  nowMs: number,
  rules: Rules,
): Decision<E> {
  return decide(state, event, nowMs, rulesOn(state, rules)) as Decision<E>;
}

function decide(
  state: State | undefined,
  event: StateEvent,
  nowMs: number,
  rules: Rules,
): Decision<StateEvent> {
  const stored = state ?? emptyState;
  switch (event.type) {
    case "intent":
      return decideIntent(stored, event, nowMs, rules);
    case "commit":
      return decideCommit(stored, event, nowMs, rules);
    case "abandon":
      return decideAbandon(stored, event, nowMs, rules);
    case "switch":
      return decideSwitch(stored, event, nowMs);
    case "suspect":
      return decideSuspect(stored, event, nowMs, rules);
    case "repair":
      return decideRepair(state, event, nowMs, rules);
    case "reset":
      return decideReset(stored, event, nowMs);
    case "seed":
      return decideSeed(stored, event, nowMs, rules);
    case "ledger":
      return decideLedger(stored, event, nowMs, rules);
    case "settle":
      return decideSettle(stored, event, rules);
    case "use":
      return decideUse(stored, event, nowMs);
  }
}
