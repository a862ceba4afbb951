/**
 * LEDGER: takes over the platform's count of the day's quota, which is more reliable than the
 * fleet's.
 */
import { ConfigurationError } from "../errors.ts";
import { granted, quotaOn } from "./quota.ts";
import type { Rules } from "./rules.ts";
import { change, type State } from "./state.ts";

export interface LedgerEvent {
  readonly type: "ledger";
  readonly used: number;
  readonly remaining: number;
}

export interface LedgerVerdict {
  readonly kind: "reconciled";
  readonly used: number;
}

/**
 * Sets the count that leaves the same number of fetches, of the platform's limit or of the fleet's
 * if that is lower. A fleet that waited for the quota goes on.
 *
 * @throws {ConfigurationError} a value is no count.
 */
export function decideLedger(
  state: State,
  { used, remaining }: LedgerEvent,
  nowMs: number,
  rules: Rules,
): { state?: State; verdict: LedgerVerdict } {
  requireCount("used", used);
  requireCount("remaining", remaining);
  const { quotaPerDay } = rules;
  const quota = quotaOn(state.quota, nowMs, rules);
  const isLimited = quotaPerDay < Number.MAX_SAFE_INTEGER;
  const counted = isLimited ? Math.min(quotaPerDay, Math.max(used, quotaPerDay - remaining)) : used;
  const wasWaiting = quota.used >= quotaPerDay && counted < quotaPerDay;
  const next = change(state, {
    quota: { ...granted(quota), used: counted },
    ...(wasWaiting ? { backOffUntilMs: 0, failures: 0 } : {}),
  });
  return { state: next, verdict: { kind: "reconciled", used: counted } };
}

function requireCount(name: string, count: number): void {
  if (!Number.isSafeInteger(count) || count < 0)
    throw new ConfigurationError(
      `${name} must be a whole number of at least 0, not ${String(count)}.`,
    );
}
