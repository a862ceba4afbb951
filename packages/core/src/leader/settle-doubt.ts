/**
 * Settles a doubt by a probe, if the platform's answer is enough. A probe costs less than a fetch.
 */
import { canSettle, quietFromMs } from "../state/settle.ts";
import { labelOf } from "../fleet/adoption.ts";
import type { Snapshot } from "../fleet/document.ts";
import type { LeaseContext } from "./attempt.ts";
import type { FleetNode } from "../fleet/node.ts";

/**
 * Resolves to true when the stored credential is alive and no other one can be, so that no
 * reconciling refresh is owed.
 */
export async function settle(
  node: FleetNode,
  { document, probe, startedMs }: LeaseContext,
  read: Snapshot,
): Promise<boolean> {
  const { context, storeClock, local, adoption } = node;
  const { cached } = local;
  const { state } = read;
  if (state?.credential === undefined || cached?.stored.commitId !== state.credential.commitId)
    return false;
  const stored = state.credential;
  const askedAtMs = storeClock.nowMs();
  if (
    !canSettle(context.rules) ||
    context.issuer.probe === undefined ||
    askedAtMs < quietFromMs(state, context.rules)
  )
    return false;
  if ((await probe.verdict(cached.secret)) !== "alive") return false;
  const ids = {
    outcomeId: context.random.id(),
    commitId: stored.commitId,
    seenOutcomeId: state.outcomeId,
  };
  const applied = await document.apply({ type: "settle", askedAtMs, ...ids }, { from: read });
  if (applied.verdict.kind !== "settled") return false;
  adoption.adoptNewer(applied.snapshot, document);
  const durationMs = context.clock.monotonicMs() - startedMs;
  context.bus.emit("reconciled", {
    ...labelOf(stored),
    durationMs,
    doubtMs: storeClock.nowMs() - (state.doubtSinceMs ?? state.intent?.atMs ?? askedAtMs),
  });
  return true;
}
