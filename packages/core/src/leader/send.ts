/**
 * One request to the platform under an intent, and the record of its outcome. After the send
 * nothing aborts: an abort does not revoke what was issued, it only makes the outcome unknown.
 */
import { IssueError } from "../errors.ts";
import { termsOn } from "../fleet/context.ts";
import type { FleetNode } from "../fleet/node.ts";
import type { IssueRequest } from "../issuer.ts";
import type { Secret } from "../secret.ts";
import type { Attempt } from "./attempt.ts";
import { ask, askForInput, currentOf, isIssueError, type IssuedSecrets } from "./issuer-call.ts";
import type { FailedOutcome, OutcomeWriter } from "./write-outcome.ts";

interface SendTerms {
  /** True when another attempt follows if the platform is busy. */
  readonly again: boolean;
  /** True when the platform may be asked which input works, if it refuses this one. */
  readonly mayRecover: boolean;
}

/** Sends one request, and records its outcome: a commit, or an abandon. */
export async function send(
  node: FleetNode,
  attempt: Attempt,
  outcomes: OutcomeWriter,
  { again, mayRecover }: SendTerms,
): Promise<"answered" | "busy" | "input-refused"> {
  const { context, storeClock } = node;
  let issued: IssuedSecrets;
  try {
    issued = await ask(
      { ...context, ...termsOn(context, attempt.snapshot.state) },
      requestOf(node, attempt),
    );
  } catch (error) {
    if (!isIssueError(error)) {
      await outcomes.abandon(attempt, { outcome: "yielded", code: "NOT_SENT" });
      throw error;
    }
    const isInputRefused =
      error.outcome === "input" && mayRecover && context.issuer.recover !== undefined;
    const retries =
      isInputRefused ||
      (again &&
        error.outcome === "busy" &&
        (error.retryAfterMs ?? 0) <= context.rules.backOff.firstMs);
    const reported = error.outcome === "input" && !isInputRefused ? fatal(error) : error;
    const isRecorded = await outcomes.abandon(
      attempt,
      failedOutcomeOf(reported, retries),
      reported,
    );
    if (!retries || !isRecorded) throw reported;
    return isInputRefused ? "input-refused" : "busy";
  }
  await outcomes.commit({
    attempt,
    issued,
    receivedAtMs: Math.max(attempt.intent.atMs, storeClock.nowMs()),
  });
  return "answered";
}

/**
 * Asks the platform which input works, under an intent of its own, so that failures make the fleet
 * back off as they do for an issue.
 */
export async function recover(
  node: FleetNode,
  attempt: Attempt,
  outcomes: OutcomeWriter,
  refused: Secret | undefined,
): Promise<Secret> {
  const { context } = node;
  try {
    const input = await askForInput(context, { parent: attempt.leaseContext.parent });
    if (input.fingerprint === refused?.fingerprint)
      throw new IssueError(
        "fatal",
        `The platform refuses the only input that it knows for "${context.issuer.id}". Authorise again.`,
      );
    await outcomes.abandon(attempt, { outcome: "yielded", code: "RECOVERED" });
    return input;
  } catch (error) {
    if (isIssueError(error)) await outcomes.abandon(attempt, failedOutcomeOf(error, false), error);
    else await outcomes.abandon(attempt, { outcome: "yielded", code: "NOT_SENT" });
    throw error;
  }
}

/** Makes a refused input fatal, because nobody can name another one. */
function fatal(error: IssueError): IssueError {
  const { message, platformCode } = error;
  return new IssueError("fatal", message, {
    cause: error,
    ...(platformCode === undefined ? {} : { platformCode }),
  });
}

function requestOf(
  { context }: FleetNode,
  { resolvedGoal, forced, input, leaseContext, snapshot }: Attempt,
): Omit<IssueRequest, "signal"> {
  const current = currentOf(context, snapshot.state.credential);
  return {
    reason: resolvedGoal.reason,
    forced,
    current,
    parent: leaseContext.parent,
    ...(input && { input }),
  };
}

/**
 * A refused parent counts as no failure of its child until the parent turns out to be alive. Every
 * other refusal makes the fleet back off.
 */
export function failedOutcomeOf(
  { outcome, code, platformCode, retryAfterMs, scope }: IssueError,
  again: boolean,
): FailedOutcome {
  const endings = {
    busy: "refused",
    fatal: "refused",
    quota: "refused",
    parent: "parent",
    input: "refused",
    unsent: "unsent",
    unknown: "unknown",
  } as const;
  return {
    outcome: endings[outcome],
    code: platformCode ?? code,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    quotaGone: outcome === "quota",
    // An issuer may bring an older copy of this package, whose errors have no scope.
    ...(outcome === "fatal" && { refusal: scope ?? "account" }),
    again,
  };
}
