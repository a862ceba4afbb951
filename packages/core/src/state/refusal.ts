/**
 * Refusals that last until a person acts: when the platform is asked again, and by which node. No
 * refusal is final.
 */
import type { RefreshReason } from "../issuer.ts";
import type { Refusal, State } from "./state.ts";

const firstTryMs = 60_000;
/**
 * Later tries, fetch and wake-up included, come every 7 to 9 minutes, so that a repair is noticed
 * within ten.
 */
const laterTryMs = 7 * 60_000;
const laterSpreadMs = 90_000;
export const tryAgainMaxMs: number = laterTryMs + laterSpreadMs;

/**
 * The part of an ABANDON event about such a refusal. `node`: it concerns only the address of the
 * node, which remembers it itself.
 */
export type RefusalEvent =
  | {
      readonly scope: "account";
      readonly node: string;
      readonly revision: string | undefined;
      /** Drawn from [0, 1). */
      readonly jitter: number;
    }
  | { readonly scope: "node" };

/** Returns how long to pause after this many refusals in a row, in ms. */
export function tryAgainMs(count: number, jitter: number): number {
  return count <= 1 ? firstTryMs : Math.ceil(laterTryMs + laterSpreadMs * jitter);
}

/** Returns the refusal that the fleet remembers from now on. */
export function remembered(
  state: State,
  code: string,
  { node, revision, jitter }: Extract<RefusalEvent, { scope: "account" }>,
  nowMs: number,
): Refusal {
  const last = standing(state, revision);
  const count = last === undefined ? 1 : last.count + 1;
  return {
    ...last,
    code,
    node,
    atMs: nowMs,
    nextMs: nowMs + tryAgainMs(count, jitter),
    count,
    ...(isKnown(revision) ? { revision } : {}),
  };
}

/**
 * Returns the refusal that concerns a node with this configuration, whether or not the next try is
 * due.
 */
export function standing(
  { credential, refusal }: State,
  revision: string | undefined,
): Refusal | undefined {
  if (refusal === undefined || (credential !== undefined && credential.sentAtMs >= refusal.atMs))
    return undefined;
  const isOther = isKnown(refusal.revision) && isKnown(revision) && refusal.revision !== revision;
  return isOther ? undefined : refusal;
}

/**
 * Returns until when no node with this configuration asks the platform; 0 when one may. An operator
 * always may.
 */
export function refusedUntilMs(
  state: State,
  reason: RefreshReason,
  revision: string | undefined,
): number {
  return reason === "manual" ? 0 : (standing(state, revision)?.nextMs ?? 0);
}

function isKnown(revision: string | undefined): revision is string {
  return revision !== undefined && revision !== "";
}
