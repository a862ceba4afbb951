/** What a refresh does while the store cannot be reached. */
import type { CacheUnavailableError } from "../errors.ts";
import { termsOn } from "../fleet/context.ts";
import type { Goal } from "../fleet/local-copy.ts";
import { toCallerError } from "../leader/block-reason.ts";
import { isIssueError } from "../leader/issuer-call.ts";
import { lead } from "../leader/leader.ts";
import type { RefreshDependencies } from "./dependencies.ts";
import { withoutStoreContext } from "./own-document.ts";
import { handleRefusal, parentOf } from "./parent.ts";
import { blockAt, served, turnOf, yieldTo, type Turn } from "./turn.ts";

/** Fetches without the store where that harms nobody. Otherwise says how long to wait for it. */
export async function withoutStore(
  dependencies: RefreshDependencies,
  goal: Goal,
  startedMs: number,
  error: CacheUnavailableError,
): Promise<Turn> {
  const { node, source, standalone } = dependencies;
  const isHarmless = !termsOn(node.context, node.local.state).rules.supersedes;
  // The input of a rotating issuer is in the store.
  if (
    source.role === "owner" &&
    !node.context.rules.rotates &&
    (standalone === "always" || (standalone === "when-harmless" && isHarmless))
  ) {
    return issueWithoutStore(dependencies, goal);
  }
  const { clock, random } = node.context;
  // A fault that a person has to mend is not waited for. The next call tries again.
  if (error.retryable) {
    const ms = Math.min(800, Math.max(100, (clock.monotonicMs() - startedMs) / 8));
    return { kind: "pause", ms: ms * (1 + random.next() / 2), why: "store", cause: error };
  }
  throw toCallerError(error, node);
}

async function issueWithoutStore(dependencies: RefreshDependencies, goal: Goal): Promise<Turn> {
  const { closing, breaker, node, probe, outcomes } = dependencies;
  const refusal = breaker.callerError(goal.reason);
  if (refusal !== undefined) throw refusal;
  const claim = await dependencies.claims.checkClaim(node.local.state?.credential);
  if (claim !== undefined) return yieldTo(dependencies.source, claim);
  const parent = await parentOf(dependencies);
  const gate = breaker.backOff(goal.reason);
  if (gate !== undefined) return blockAt(node, gate);
  try {
    const context = withoutStoreContext(node, { goal, parent, probe, closing });
    const result = await lead(node, context, outcomes);
    if (result.kind !== "served") return turnOf(dependencies, result);
    breaker.reset();
    // The store came back meanwhile: a reading writes back what was issued.
    if (node.context.health.isReachable) void dependencies.source.read().catch(() => {});
    return served;
  } catch (error) {
    if (isIssueError(error)) return await handleRefusal(dependencies, goal, error, parent);
    throw error;
  }
}
