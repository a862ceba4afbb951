/**
 * The governor: limits unplanned issues, and only where they cost something. An issue that
 * supersedes takes from a token bucket: one for rejections, one for operators. A harmless one waits
 * only while the platform keeps handing out what it refuses.
 */
import type { RefreshReason } from "../issuer.ts";
import type { Rules } from "./rules.ts";
import { isDead, isHandedOutAgain, type BudgetName, type Budgets, type State } from "./state.ts";

export interface Cause {
  readonly reason: RefreshReason;
  readonly forced: boolean;
  /** With `rejected`: true when the platform calls the refused one dead. */
  readonly isDead?: boolean | undefined;
}

/** Returns when a request for this reason may leave; 0 when nothing limits it. */
export function allowedAtMs(state: State, cause: Cause, rules: Rules): number {
  const name = budgetOf(cause.reason, state, rules);
  if (name === undefined) return handedOutAtMs(state, cause, rules);
  const { burst, intervalMs } = rules.governor[name];
  return Math.max(0, (state.budgets?.[name] ?? 0) - (burst - 1) * intervalMs);
}

/**
 * Returns the budget of an issue for this reason; undefined for planned and for harmless issues.
 * While a reconciling refresh is owed, the fleet itself may have killed the refused credential: one
 * request then replaces that refresh, and uses no budget.
 */
export function budgetOf(
  reason: RefreshReason,
  state: State,
  rules: Rules,
): BudgetName | undefined {
  if (!rules.supersedes) return undefined;
  if (reason === "rejected") return replacesOwed(state) ? undefined : "refusals";
  return reason === "manual" ? "manual" : undefined;
}

/**
 * Returns true when a reconciling refresh is owed and none was tried: no credential was requested
 * since the doubt began, and no request in its place has failed.
 */
function replacesOwed({ credential, doubtSinceMs, failures, intent }: State): boolean {
  const sinceMs = doubtSinceMs ?? intent?.atMs;
  return sinceMs !== undefined && (credential?.sentAtMs ?? 0) <= sinceMs && failures <= 1;
}

export function spendFrom(
  name: BudgetName,
  budgets: Budgets | undefined,
  nowMs: number,
  rules: Rules,
): Budgets {
  const before = { refusals: 0, manual: 0, ...budgets };
  return { ...before, [name]: Math.max(nowMs, before[name]) + rules.governor[name].intervalMs };
}

/** Refunds the budget of a request that never left. */
export function refundTo(name: BudgetName, budgets: Budgets | undefined, rules: Rules): Budgets {
  const before = { refusals: 0, manual: 0, ...budgets };
  return { ...before, [name]: Math.max(0, before[name] - rules.governor[name].intervalMs) };
}

/** Returns the larger use of each budget in two documents. */
export function mergedBudgets(
  one: Budgets | undefined,
  other: Budgets | undefined,
): Budgets | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return {
    ...one,
    ...other,
    refusals: Math.max(one.refusals, other.refusals),
    manual: Math.max(one.manual, other.manual),
  };
}

/** Counts the answer to a rejection: the refused credential again, or another one. */
export function answered(state: State, isSame: boolean, nowMs: number): State["governor"] {
  return { ...state.governor, count: isSame ? state.governor.count + 1 : 0, lastMs: nowMs };
}

/** A fresh verdict "dead" of the platform allows a request at once; an old one does not. */
function handedOutAtMs(
  state: State,
  { reason, forced, isDead: isNews }: Cause,
  { canAsk, governor: { again } }: Rules,
): number {
  const { count, lastMs } = state.governor;
  const isKnown = isDead(state) && isHandedOutAgain(state);
  if (reason !== "rejected" || forced || count === 0 || (canAsk && isNews === true && !isKnown))
    return 0;
  return lastMs + Math.min(again.maxMs, again.firstMs * 2 ** Math.min(30, count - 1));
}
