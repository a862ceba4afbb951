/** A credential's parent: requested before the lease, and notified when the platform refuses it. */
import { CredentialUnavailableError, type IssueError } from "../errors.ts";
import type { Secret } from "../secret.ts";
import { waitFor } from "../time/wait.ts";
import { isUnavailable } from "../fleet/store-health.ts";
import type { RefreshDependencies } from "./dependencies.ts";
import type { Goal } from "../fleet/local-copy.ts";
import type { BlockReason } from "../leader/block-reason.ts";
import { OwnDocument } from "./own-document.ts";

/** Resolves to the credential that the issuer needs for its request, if it needs one. */
export async function parentOf(dependencies: RefreshDependencies): Promise<Secret | undefined> {
  return (
    dependencies.parent &&
    answerOf(dependencies, dependencies.parent.get({ signal: dependencies.closing }))
  );
}

/** Limits the parent's answer to `waitMs`, because it may be foreign code. */
function answerOf<T>(
  { closing, node, parentErrors }: RefreshDependencies,
  answer: Promise<T>,
): Promise<T> {
  const { clock, issuer, parameters } = node.context;
  const onLate = (): never => {
    throw new CredentialUnavailableError(
      `The parent of "${issuer.id}" gave no credential within ${parameters.waitMs} ms (waitMs).`,
      {
        retryAfterMs: 1_000,
      },
    );
  };
  const deadline = { clock, ms: parameters.waitMs, onLate };
  return waitFor(answer, { deadline, signals: [closing] }).catch((thrown: unknown) => {
    if (typeof thrown === "object" && thrown !== null) parentErrors.add(thrown);
    throw thrown;
  });
}

/** For this long a parent that was found alive gets only reports that the platform confirms. */
const innocentMs = 600_000;

/**
 * Handles a refusal. If it concerns the parent, the parent is replaced. A parent that is alive, or
 * fresh, is not the cause.
 */
export async function handleRefusal(
  dependencies: RefreshDependencies,
  goal: Goal,
  error: IssueError,
  parent: Secret | undefined,
): Promise<BlockReason> {
  dependencies.breaker.trip(error);
  if (error.outcome !== "parent" || dependencies.parent === undefined || parent === undefined)
    throw dependencies.breaker.callerError(goal.reason) ?? error;
  const { platformCode } = error;
  const known = dependencies.node.local.state?.failure?.parent;
  const isKnown = known?.fingerprint === parent.fingerprint;
  const isFresh = dependencies.reportedGoals.has(goal);
  const isDoubtful = isKnown && dependencies.node.storeClock.nowMs() - known.sinceMs < innocentMs;
  // The second report for one goal is doubtful too: a credential is then replaced only if it is
  // dead, and a pushed ticket waits for the next push.
  const doubtful = isFresh || isDoubtful;
  const options = {
    signal: dependencies.closing,
    doubtful,
    ...(platformCode === undefined ? {} : { platformCode }),
  };
  dependencies.reportedGoals.add(goal);
  const isReplaced = (await answerOf(dependencies, dependencies.parent.reject(parent, options)))
    .replaced;
  if (!isReplaced) {
    // If that was known, the request was already recorded as a failure.
    if (!isKnown) await recordRefusal(dependencies, error, parent);
    throw error;
  }
  return { kind: "pause", ms: 1 + dependencies.node.context.random.next(), why: "error" };
}

/** Records the refusal as the child's own, so that the fleet backs off. */
async function recordRefusal(
  { node, source }: RefreshDependencies,
  { code, platformCode = code }: IssueError,
  parent: Secret,
): Promise<void> {
  const ids = { operationId: "", outcomeId: node.context.random.id(), sentAtMs: 0 };
  const event = {
    type: "abandon",
    ...ids,
    outcome: "blamed",
    code: platformCode,
    parent: parent.fingerprint,
  } as const;
  try {
    const applied = await source.document.apply(event);
    if (applied.snapshot.state !== undefined) node.local.updateState(applied.snapshot.state);
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    // The others do not learn of it, but this node backs off.
    await new OwnDocument(node).apply(event);
  }
}
