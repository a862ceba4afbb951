/**
 * Describes one process's view of a credential, for people and monitors, without I/O and without
 * secrets.
 */
import { quotaOn, shownUse } from "../state/quota.ts";
import { isSuspect, type StoredCredential } from "../state/state.ts";
import type { FleetNode } from "../fleet/node.ts";
import type { DocumentSource } from "../fleet/document-source.ts";
import type { CredentialStatus } from "../credential.ts";

export function statusOf(
  { local, context, storeClock }: FleetNode,
  source: DocumentSource,
  isClosed: boolean,
): CredentialStatus {
  const { clock, environment, issuer, node, parameters, rules } = context;
  const { cached, isUsable, state } = local;
  const nowMs = storeClock.nowMs();
  const freshness =
    !isUsable || cached === undefined
      ? "none"
      : nowMs >= cached.windows.mandatoryAtMs
        ? "stale"
        : "fresh";
  const quota = state === undefined ? undefined : quotaOn(state.quota, nowMs, rules);
  return {
    id: issuer.id,
    environment,
    node,
    role: source.role,
    state: isClosed ? "closed" : freshness,
    generation: cached?.stored.generation,
    commitId: cached?.stored.commitId,
    fingerprint: cached?.stored.fingerprint.slice(0, 8),
    renewsInMs: cached && Math.max(0, Math.round(cached.windows.advisoryAtMs - nowMs)),
    remainingMs: cached && Math.max(0, cached.serveUntilMs - clock.monotonicMs()),
    ageMs: cached && Math.max(0, nowMs - cached.stored.issuedAtMs),
    by: cached && authorOf(cached.stored),
    inDoubt: state?.doubtSinceMs !== undefined,
    isSuspect: state !== undefined && isSuspect(state),
    onFallback: state?.fallback !== undefined,
    uses: cached?.uses ?? 0,
    storeReachable: context.health.seen,
    quota: {
      used: quota === undefined ? 0 : shownUse(quota, rules),
      perDay:
        parameters.quotaPerDay === Number.MAX_SAFE_INTEGER ? undefined : parameters.quotaPerDay,
    },
  };
}

function authorOf({ by: { node, environment, reason } }: StoredCredential): CredentialStatus["by"] {
  return { node, environment, reason };
}
