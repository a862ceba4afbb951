/**
 * A second look, before a request leaves, at a credential whose fate the platform did not tell when
 * somebody was refused with it.
 */
import { Secret } from "../secret.ts";
import { markSuspect } from "../fleet/suspect-mark.ts";
import type { Snapshot } from "../fleet/document.ts";
import type { LeaseContext } from "./attempt.ts";
import type { FleetNode } from "../fleet/node.ts";
import type { Goal } from "../fleet/local-copy.ts";
import { keptAlive } from "./block-reason.ts";

/**
 * Waiting for a lease, or for an answer that did not come, takes longer; and meanwhile the platform
 * may be back.
 */
const staleMs = 1_000;

/**
 * The aim, with what the platform says now.
 *
 * @throws {KeptError} it is alive: nothing is to be replaced.
 */
export async function askAgain(
  node: FleetNode,
  { document, probe }: LeaseContext,
  resolvedGoal: Goal,
  { state }: Snapshot,
): Promise<Goal> {
  const { local, context } = node;
  const stored = state?.credential;
  const { askedAtMs, isDead, reason, refused } = resolvedGoal;
  const isOpen = reason === "rejected" && isDead !== true && askedAtMs !== undefined;
  if (
    !isOpen ||
    stored === undefined ||
    stored.fingerprint !== refused ||
    context.clock.monotonicMs() < askedAtMs + staleMs
  )
    return resolvedGoal;
  const { fingerprint, secret } = stored;
  const found = await probe.verdict(new Secret(secret, fingerprint));
  if (found === "unknown") return resolvedGoal;
  if (found === "dead") {
    local.refuse(fingerprint);
    return { ...resolvedGoal, isDead: true };
  }
  const applied = await markSuspect(document, { fingerprint, found: "alive" });
  const next = applied?.snapshot.state;
  if (next?.credential?.fingerprint === fingerprint) local.note(next);
  throw keptAlive(context.issuer.id);
}
