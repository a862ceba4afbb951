/**
 * What a node that never refreshes does when what is stored does not serve it: tells the owners,
 * looks whose credential to use, waits.
 */
import { samePath } from "../fleet/claim-registry.ts";
import { isDead, isSuspect, type State } from "../state/state.ts";
import type { Claims } from "../fleet/ownership.ts";
import type { Demand } from "./demand.ts";
import { type Snapshot } from "../fleet/document.ts";
import { isUnavailable } from "../fleet/store-health.ts";
import { aimAt } from "../leader/attempt.ts";
import type { Parts } from "../fleet/node.ts";
import type { Goal } from "../fleet/local.ts";
import { handedOutAgain, type Obstacle } from "../leader/block-reason.ts";
import { reportForeign } from "../leader/reports.ts";
import type { Source } from "../fleet/document-source.ts";

interface Consuming {
  readonly parts: Parts;
  readonly source: Source;
  readonly claims: Claims;
  /** The goals for which the owners have been told. */
  readonly complained: WeakSet<Goal>;
  readonly demand: Demand;
}

/** Tells the owners what the platform refused, and waits for what they store. */
export async function asConsumer(
  means: Consuming,
  goal: Goal,
  snapshot: Snapshot,
): Promise<Obstacle> {
  const { complained, demand, parts, source } = means;
  if (await hasMoved(means)) return { kind: "wait", ms: 0 };
  const { state } = snapshot;
  const aim = aimAt(goal, state, parts);
  if (mustMark(aim, state)) {
    // An owner has asked the platform since, and found it alive.
    if (complained.has(goal) && state?.credential?.fingerprint === aim.refused)
      throw handedOutAgain(parts.setting.issuer.id);
    // One that the store did not take tells nobody.
    if (await mark(means, aim, snapshot)) complained.add(goal);
  }
  await demand.mark(source);
  return { kind: "wait", ms: Number.POSITIVE_INFINITY, says: nothingStored(means, snapshot) };
}

/**
 * Tells whoever has the lease what the platform calls dead: a leader that waits because the stored
 * one works need not wait any longer.
 */
export async function tellHolder(means: Marking, goal: Goal, snapshot: Snapshot): Promise<void> {
  const aim = aimAt(goal, snapshot.state, means.parts);
  if (aim.isDead === true && mustMark(aim, snapshot.state)) await mark(means, aim, snapshot);
}

/** Whether the document does not say yet what is known here. */
function mustMark(aim: Goal, state: State | undefined): boolean {
  const isMarked =
    state !== undefined && isSuspect(state) && (isDead(state) || aim.isDead !== true);
  return aim.reason === "rejected" && aim.refused !== undefined && !isMarked;
}

type Marking = Pick<Consuming, "parts" | "source" | "claims">;

/**
 * Whether the owners can read it now. Whoever marks it counts it, and so has to tell of it: for the
 * others it is known then.
 */
async function mark(
  { claims, parts, source }: Marking,
  { isDead = false, refused = "" }: Goal,
  snapshot: Snapshot,
): Promise<boolean> {
  const event = {
    type: "suspect",
    fingerprint: refused,
    found: isDead ? "dead" : "refused",
  } as const;
  const applied = await source.document.apply(event, { from: snapshot }).catch((error: unknown) => {
    // A consumer may have been given no right to write.
    if (!isUnavailable(error)) throw error;
    return undefined;
  });
  if (applied?.verdict.kind === "suspected" && applied.verdict.foreign !== undefined)
    reportForeign(parts, applied.verdict.foreign, {
      fingerprint: refused,
      claimedBy: claims.rival,
      state: applied.snapshot.state,
    });
  return applied !== undefined;
}

/** What a consumer waits for, and for how long it has been missing. */
function nothingStored({ parts, source }: Consuming, { state }: Snapshot): string {
  const { setting, storeClock } = parts;
  const owner = source.yieldsTo?.environment ?? setting.environment;
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
 * Whether a consumer that finds nothing has to look elsewhere now: the environment that it consumes
 * may have given up its claim.
 */
async function hasMoved({ claims, source }: Consuming): Promise<boolean> {
  const { yieldsTo } = source;
  if (yieldsTo === undefined) return false;
  const now = await claims.reconsider().catch(() => undefined);
  if (now === undefined || (now !== "gone" && samePath(now.path, yieldsTo.path))) return false;
  if (now === "gone") source.own();
  else source.consume(now);
  return true;
}
