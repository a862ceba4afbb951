/**
 * What one process knows of a credential, for people and monitors: without I/O and without secrets.
 */
import { quotaOn } from "../state/quota.ts";
import type { Parts } from "../fleet/node.ts";
import type { Source } from "../fleet/document-source.ts";
import type { CredentialStatus } from "../credential.ts";

export function statusOf(
  { local, setting, storeClock }: Parts,
  source: Source,
  isClosed: boolean,
): CredentialStatus {
  const { clock, environment, issuer, node, parameters, rules } = setting;
  const { holding, isUsable, state } = local;
  const nowMs = storeClock.nowMs();
  const freshness =
    !isUsable || holding === undefined
      ? "none"
      : nowMs >= holding.windows.mandatoryAtMs
        ? "stale"
        : "fresh";
  const quota = state === undefined ? undefined : quotaOn(state.quota, nowMs, rules);
  return {
    id: issuer.id,
    environment,
    node,
    role: source.role,
    state: isClosed ? "closed" : freshness,
    generation: holding?.held.generation,
    fingerprint: holding?.held.fingerprint.slice(0, 8),
    remainingMs: holding && Math.max(0, holding.hardUntilMs - clock.monotonicMs()),
    ageMs: holding && Math.max(0, nowMs - holding.held.issuedAtMs),
    by: holding?.held.by,
    inDoubt: state?.doubtSinceMs !== undefined,
    onFallback: state?.fallback !== undefined,
    uses: holding?.uses ?? 0,
    storeReachable: setting.health.seen,
    quota: {
      used: quota?.used ?? 0,
      perDay:
        parameters.quotaPerDay === Number.MAX_SAFE_INTEGER ? undefined : parameters.quotaPerDay,
    },
  };
}
