/** A credential's parent: asked for before the lease is, and told when the platform refuses it. */
import { CredentialUnavailableError, type IssueError } from "../errors.ts";
import type { Secret } from "../secret.ts";
import { bounded } from "../time/wait.ts";
import { isUnavailable } from "../fleet/store-health.ts";
import type { Means } from "./dependencies.ts";
import type { Goal } from "../fleet/local.ts";
import type { Obstacle } from "../leader/block-reason.ts";
import { OwnDocument } from "./without-store.ts";

/** The credential that the issuer needs for its request, if it needs one. */
export async function parentOf(means: Means): Promise<Secret | undefined> {
  return means.parent && told(means, means.parent.get({ signal: means.closing }));
}

/** What the parent says, within `waitMs`: it may be anybody's code. */
function told<T>({ closing, parts }: Means, answer: Promise<T>): Promise<T> {
  const { clock, issuer, parameters } = parts.setting;
  const error = (): Error =>
    new CredentialUnavailableError(
      `The parent of "${issuer.id}" gave no credential within ${parameters.waitMs} ms (waitMs).`,
      {
        retryAfterMs: 1_000,
      },
    );
  return bounded(answer, { deadline: { clock, ms: parameters.waitMs, error }, signals: [closing] });
}

/**
 * For how long a parent that was found not to be to blame is told again only what the platform
 * confirms.
 */
const innocentMs = 600_000;

/**
 * Where the platform said no: to the parent, which is then replaced, or to us. A parent that is
 * alive, or fresh, is not to blame.
 */
export async function refused(
  means: Means,
  goal: Goal,
  error: IssueError,
  parent: Secret | undefined,
): Promise<Obstacle> {
  means.latch.close(error);
  if (error.outcome !== "parent" || means.parent === undefined || parent === undefined)
    throw means.latch.closed(goal.reason) ?? error;
  const { platformCode } = error;
  const known = means.parts.local.state?.failure?.parent;
  const isKnown = known?.fingerprint === parent.fingerprint;
  const isFresh = means.complained.has(goal);
  const isDoubtful = isKnown && means.parts.storeClock.nowMs() - known.sinceMs < innocentMs;
  // The second for one goal, too: a credential is then replaced only if it is dead, and who pushes
  // tickets waits for the next.
  const doubtful = isFresh || isDoubtful;
  const options = {
    signal: means.closing,
    doubtful,
    ...(platformCode === undefined ? {} : { platformCode }),
  };
  means.complained.add(goal);
  const isReplaced = (await told(means, means.parent.reject(parent, options))).replaced;
  if (!isReplaced) {
    // Where that was known, the request was recorded as a failure already.
    if (!isKnown) await blame(means, error, parent);
    throw error;
  }
  return { kind: "pause", ms: 1 + means.parts.setting.random.next(), why: "error" };
}

/** The refusal is the child's own, so the fleet backs off. */
async function blame(
  { parts, source }: Means,
  { code, platformCode = code }: IssueError,
  parent: Secret,
): Promise<void> {
  const ids = { operationId: "", outcomeId: parts.setting.random.id(), sentAtMs: 0 };
  const event = {
    type: "abandon",
    ...ids,
    outcome: "blamed",
    code: platformCode,
    parent: parent.fingerprint,
  } as const;
  try {
    const applied = await source.document.apply(event);
    if (applied?.snapshot.state !== undefined) parts.local.note(applied.snapshot.state);
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    // Nobody else hears of it, but this node backs off.
    await new OwnDocument(parts).apply(event);
  }
}
