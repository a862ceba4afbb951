/**
 * A consumer's turn, when the stored credential does not serve it: notifies the owners, checks
 * whose credential to use, waits.
 */
import { samePath } from "../fleet/claim-registry.ts";
import { isDead, isSuspect, type State } from "../state/state.ts";
import type { SuspectEvent } from "../state/suspect.ts";
import type { Ownership } from "../fleet/ownership.ts";
import type { Demand } from "./demand.ts";
import type { LazyWeakSet } from "./lazy-weak-set.ts";
import { type Snapshot } from "../fleet/document.ts";
import { markSuspect } from "../fleet/suspect-mark.ts";
import { resolveGoal } from "../leader/attempt.ts";
import type { FleetNode } from "../fleet/node.ts";
import type { Goal } from "../fleet/local-copy.ts";
import { handedOutAgain, type BlockReason } from "../leader/block-reason.ts";
import { reportContention } from "../leader/reports.ts";
import type { DocumentSource } from "../fleet/document-source.ts";

interface Consuming {
  readonly node: FleetNode;
  readonly source: DocumentSource;
  readonly claims: Ownership;
  /** The goals of which the owners have been notified. */
  readonly reportedGoals: LazyWeakSet<Goal>;
  readonly demand: Demand;
}

/** Notifies the owners of a refusal, and waits for their commit. */
export async function asConsumer(
  dependencies: Consuming,
  goal: Goal,
  snapshot: Snapshot,
): Promise<BlockReason> {
  const { reportedGoals, demand, node, source } = dependencies;
  if (await hasMoved(dependencies)) return { kind: "wait", ms: 0 };
  const { state } = snapshot;
  const resolvedGoal = resolveGoal(goal, state, node);
  const mark = markFor(resolvedGoal, state);
  if (mark !== undefined) {
    // An owner has asked the platform since, and found it alive.
    if (reportedGoals.has(goal) && state?.credential?.fingerprint === mark.fingerprint)
      throw handedOutAgain(node.context.issuer.id);
    // A mark that the store did not take, or has no credential for, notifies nobody.
    if (await write(dependencies, mark, snapshot)) reportedGoals.add(goal);
  }
  await demand.mark(source, state?.usedAtMs === undefined);
  return {
    kind: "wait",
    ms: Number.POSITIVE_INFINITY,
    detail: nothingStored(dependencies, snapshot),
  };
}

/**
 * Notifies the lease holder of a dead credential: a leader that drains because the stored one works
 * need not wait any longer.
 */
export async function markForLeaseHolder(
  dependencies: Marking,
  goal: Goal,
  snapshot: Snapshot,
): Promise<void> {
  const { state } = snapshot;
  const mark = markFor(resolveGoal(goal, state, dependencies.node), state);
  if (mark?.found === "dead") await write(dependencies, mark, snapshot);
}

type Mark = Omit<SuspectEvent, "type">;

/** Returns what this node knows of the refused credential, and the document does not show yet. */
function markFor(
  { isDead: isFoundDead, reason, refused }: Goal,
  state: State | undefined,
): Mark | undefined {
  if (reason !== "rejected" || refused === undefined) return undefined;
  const found = isFoundDead === true ? "dead" : "refused";
  const isMarked =
    state !== undefined && isSuspect(state) && (isDead(state) || found === "refused");
  return isMarked ? undefined : { fingerprint: refused, found };
}

type Marking = Pick<Consuming, "node" | "source" | "claims">;

/**
 * Marks the credential as suspect. Resolves to true when the owners can read the mark. The node
 * that writes it also reports it, because the others find it counted.
 */
async function write(
  { claims, node, source }: Marking,
  mark: Mark,
  snapshot: Snapshot,
): Promise<boolean> {
  const applied = await markSuspect(source.document, mark, { from: snapshot });
  if (applied?.verdict.kind === "suspected" && applied.verdict.foreign !== undefined)
    reportContention(node, applied.verdict.foreign, {
      fingerprint: mark.fingerprint,
      claimedBy: claims.otherClaimant,
      state: applied.snapshot.state,
    });
  return applied !== undefined && applied.verdict.kind !== "other";
}

/** Describes what a consumer waits for, and for how long it has been missing. */
function nothingStored({ node, source }: Consuming, { state }: Snapshot): string {
  const { context, storeClock } = node;
  const owner = source.yieldsTo?.environment ?? context.environment;
  const last = state?.credential;
  const endedMs = last === undefined ? 0 : storeClock.nowMs() - last.expiresAtMs;
  const stored =
    last === undefined
      ? "has never stored one"
      : endedMs < 0
        ? `stored the last one by node ${last.by.node}, and it was refused`
        : `stored the last one by node ${last.by.node}, and it ended ${Math.ceil(endedMs / 1_000)} s ago`;
  const remedy =
    source.yieldsTo === undefined
      ? "Start an owner of that environment"
      : "If that environment is gone, call releaseClaim(), or wait until its claim lapses: this one then fetches for itself";
  return `this node consumes the environment "${owner}", which ${stored}. ${remedy}`;
}

/**
 * Resolves to true when the consumer switched to another document, because the environment that it
 * consumes gave up its claim.
 */
async function hasMoved({ claims, source }: Consuming): Promise<boolean> {
  const { yieldsTo } = source;
  if (yieldsTo === undefined) return false;
  const now = await claims.recheckClaims().catch(() => undefined);
  if (now === undefined || (now !== "gone" && samePath(now.path, yieldsTo.path))) return false;
  if (now === "gone") source.own();
  else source.consume(now);
  return true;
}
