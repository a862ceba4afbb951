/**
 * Asks the platform once more about a refused credential, before a request leaves, if it gave no
 * verdict the first time.
 */
import { Secret } from "../secret.ts";
import { markSuspect } from "../fleet/suspect-mark.ts";
import type { Snapshot } from "../fleet/document.ts";
import type { LeaseContext } from "./attempt.ts";
import type { FleetNode } from "../fleet/node.ts";
import type { Goal } from "../fleet/local-copy.ts";
import { refusedButAlive } from "./block-reason.ts";

/** A verdict older than this is requested again, because the platform may be back. */
const staleMs = 1_000;

/**
 * Returns the goal with the platform's present verdict.
 *
 * @throws {NotReplacedError} it is alive, so nothing must be replaced.
 */
export async function probeBeforeIntent(
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
    local.markRefused(fingerprint);
    return { ...resolvedGoal, isDead: true };
  }
  const applied = await markSuspect(document, { fingerprint, found: "alive" });
  const next = applied?.snapshot.state;
  if (next?.credential?.fingerprint === fingerprint) local.updateState(next);
  throw refusedButAlive(context.issuer.id);
}
