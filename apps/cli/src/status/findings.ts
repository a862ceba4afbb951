/** Derives the health of a credential from its stored document. */
import { isDead, isSuspect, owedSinceMs, type State } from "@lingpai/core/internal/state";

export interface Finding {
  /** Stable, for scripts. */
  readonly id:
    | "shared"
    | "expired"
    | "refused"
    | "suspect"
    | "doubt"
    | "failing"
    | "contended"
    | "unreadable";
  /** The meaning and the remedy, in words. */
  readonly text: string;
}

/** Another environment that claims the same credential in the same store. */
export interface Sharer {
  readonly environment: string;
  readonly node: string;
}

/** A healthy fleet resolves a doubt at once, so a recent one is not reported. */
const doubtMinMs = 60_000;
/** A foreign refresh is no longer reported after a day. */
const contentionMaxMs = 86_400_000;

export function findingsOf(
  state: State,
  nowMs: number,
  sharers: readonly Sharer[],
): readonly Finding[] {
  const { credential, refusal, contention, failures, failure } = state;
  const owedMs = owedSinceMs(state);
  const isExpired = credential !== undefined && nowMs >= credential.expiresAtMs;
  return [
    ...sharers.map(({ environment, node }) => finding("shared", sharedText(environment, node))),
    ...(refusal === undefined ? [] : [finding("refused", refusedText(refusal.code, refusal.node))]),
    ...(isExpired && state.usedAtMs !== undefined && state.usedAtMs > credential.expiresAtMs
      ? [finding("expired", "It ended and is still wanted. See what its nodes report.")]
      : []),
    ...(isSuspect(state) ? [finding("suspect", suspectText(isDead(state)))] : []),
    ...(owedMs !== undefined && nowMs - owedMs > doubtMinMs
      ? [finding("doubt", doubtText((nowMs - owedMs) / 1_000))]
      : []),
    ...(failures > 0
      ? [finding("failing", `${failures} fetches in a row failed (${failure?.code ?? "unknown"}).`)]
      : []),
    ...(contention.count > 0 && nowMs - contention.lastMs < contentionMaxMs
      ? [finding("contended", contendedText(contention.count))]
      : []),
  ];
}

function finding(id: Finding["id"], text: string): Finding {
  return { id, text };
}

function sharedText(environment: string, node: string): string {
  return (
    `"${environment}" (node ${node}) fetches the same credential: each fetch may kill this one's token. ` +
    'Give it an AppID of its own, or let it consume: onConflict "consume".'
  );
}

function refusedText(code: string, node: string): string {
  return `The platform refuses with ${code} (node ${node}). Mend the setting that the code names; it is tried again by itself.`;
}

function suspectText(isDeadNow: boolean): string {
  return isDeadNow
    ? "The platform calls the stored token dead. It is replaced as soon as a fetch is allowed."
    : "A node reported that the platform refused the stored token.";
}

function doubtText(seconds: number): string {
  return `A request for a token was never answered, and the refresh that settles it has been owed for ${Math.round(seconds)} s. See whether an owner is running.`;
}

function contendedText(count: number): string {
  return `Somebody outside the fleet replaced the token ${count} times. Find who else fetches for this AppID, or use the stable token.`;
}
