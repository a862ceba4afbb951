/**
 * Settles a doubt by asking the platform, where its answer can: that costs a question instead of a
 * credential.
 */
import { canSettle, quietFromMs } from "../state/settle.ts";
import { labelOf } from "../fleet/adoption.ts";
import type { Snapshot } from "../fleet/document.ts";
import type { Leadership } from "./attempt.ts";
import type { Parts } from "../fleet/node.ts";

/**
 * Whether the stored credential is alive and nothing else can be, so that no reconciling refresh is
 * owed any more.
 */
export async function settle(
  parts: Parts,
  { document, probe, startedMs }: Leadership,
  read: Snapshot,
): Promise<boolean> {
  const { setting, storeClock, local, adoption } = parts;
  const { holding } = local;
  const { state } = read;
  const held = state?.credential;
  if (state === undefined || held === undefined || holding?.held.commitId !== held.commitId)
    return false;
  const askedAtMs = storeClock.nowMs();
  if (
    !canSettle(setting.rules) ||
    setting.issuer.probe === undefined ||
    askedAtMs < quietFromMs(state, setting.rules)
  )
    return false;
  if ((await probe.verdict(holding.secret)) !== "alive") return false;
  const ids = {
    outcomeId: setting.random.id(),
    commitId: held.commitId,
    seenOutcomeId: state.outcomeId,
  };
  const applied = await document.apply({ type: "settle", askedAtMs, ...ids }, { from: read });
  if (applied?.verdict.kind !== "settled") return false;
  adoption.take(applied.snapshot, document);
  const durationMs = setting.clock.monotonicMs() - startedMs;
  setting.bus.emit("reconciled", {
    ...labelOf(held),
    durationMs,
    doubtMs: storeClock.nowMs() - (state.doubtSinceMs ?? state.intent?.atMs ?? storeClock.nowMs()),
  });
  return true;
}
