/**
 * Records the outcome of a request. Nothing is lost while the store is gone: memory keeps the only
 * copy.
 */
import type { IssueError } from "../errors.ts";
import { isOutlived, type AbandonEvent } from "../state/abandon.ts";
import type { CommitEvent } from "../state/commit.ts";
import { reduce } from "../state/reduce.ts";
import { change } from "../state/state.ts";
import { tryAgainMaxMs } from "../state/refusal.ts";
import { labelOf } from "../fleet/adoption.ts";
import { type Applied } from "../fleet/document.ts";
import { isUnavailable } from "../fleet/store-health.ts";
import type { Answer, Attempt } from "./attempt.ts";
import type { FleetNode } from "../fleet/node.ts";
import { UnstoredOutcome } from "./unstored-outcome.ts";
import { reportFailure, reportLoss } from "./reports.ts";
import type { Context } from "../fleet/context.ts";

export interface FailedOutcome extends Pick<
  AbandonEvent,
  "outcome" | "code" | "retryAfterMs" | "quotaGone" | "again"
> {
  /** The nodes that a lasting refusal concerns. */
  readonly refusal?: "account" | "node";
}

/** Returns the document's event for this ending. */
export function toAbandonEvent(
  { node, random, revision }: Context,
  { refusal, ...ending }: FailedOutcome,
): Omit<AbandonEvent, "type" | "operationId" | "outcomeId" | "sentAtMs"> {
  if (refusal === undefined) return ending;
  return {
    ...ending,
    refusal:
      refusal === "node"
        ? { scope: "node" }
        : { scope: "account", node, revision: revision.now(), jitter: random.next() },
  };
}

export class OutcomeWriter {
  readonly #node: FleetNode;
  #pending: UnstoredOutcome | undefined;

  constructor(node: FleetNode) {
    this.#node = node;
  }

  /** The outcome that waits for the store. Undefined before the first one does. */
  get pending(): UnstoredOutcome | undefined {
    return this.#pending;
  }

  /**
   * Records a request that issued no credential. Never fails because of the store: an outcome that
   * could not be stored is kept, and offered again as soon as the store answers. Resolves to true
   * when it is recorded, so that another request may follow.
   */
  async abandon(attempt: Attempt, ending: FailedOutcome, error?: IssueError): Promise<boolean> {
    const { context, local, storeClock } = this.#node;
    const { leaseContext, resolvedGoal, intent } = attempt;
    const event = {
      type: "abandon",
      operationId: attempt.operationId,
      outcomeId: context.random.id(),
      sentAtMs: intent.atMs,
      ...toAbandonEvent(context, ending),
      ...(ending.outcome === "parent" && leaseContext.parent
        ? { parent: leaseContext.parent.fingerprint }
        : {}),
    } as const;
    let { state } = attempt.snapshot;
    let isRecorded = true;
    try {
      const applied = await leaseContext.document.apply(event, { from: attempt.snapshot });
      state = applied.snapshot.state ?? state;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      isRecorded = false;
      // This node knows it already. The others see an open request, which may have been answered.
      state = reduce(state, event, storeClock.nowMs(), context.rules).state ?? state;
      this.#keep(tryAgainMaxMs, leaseContext.lease, () => this.#report(attempt, event));
    }
    if (isRecorded) local.updateState(state);
    else local.continueState(state, attempt.snapshot.state, true);
    if (error === undefined) return isRecorded;
    if (ending.again === true) {
      const { code, outcome, platformCode } = error;
      context.bus.measure({ kind: "repeated", outcome, errorCode: platformCode ?? code });
      return isRecorded;
    }
    reportFailure(context.bus, error, {
      reason: resolvedGoal.reason,
      failures: state.failures,
      durationMs: context.clock.monotonicMs() - leaseContext.startedMs,
    });
    if (ending.outcome === "unknown" && context.rules.supersedes) {
      context.bus.emit("in-doubt", {
        cause: "unknown-outcome",
        epoch: intent.epoch,
        generation: state.credential?.generation,
        ...(attempt.input !== undefined && { singleUseInput: true }),
      });
    }
    return isRecorded;
  }

  #keep(...outcome: Parameters<UnstoredOutcome["keep"]>): void {
    this.#pending ??= new UnstoredOutcome(this.#node.context);
    this.#pending.keep(...outcome);
  }

  /**
   * Writes the delayed report. If this process has fetched without the store since the request
   * could last be processed, it writes that credential instead, because the report would only leave
   * a doubt about it.
   */
  async #report({ leaseContext: { document } }: Attempt, event: AbandonEvent): Promise<void> {
    const { adoption, context, local } = this.#node;
    const isLate =
      event.outcome === "unknown" &&
      local.state !== undefined &&
      isOutlived(local.state, event, context.rules);
    if (isLate && (await adoption.restore(document, event.operationId))) return;
    const applied = await document.apply(event);
    if (applied.snapshot.state !== undefined) local.updateState(applied.snapshot.state);
  }

  /**
   * Stores the issued credential and hands it out from now on. If a later one is stored, that one
   * is handed out. A credential with a new input is not handed out before it is stored, because a
   * crash would lose the input.
   *
   * @throws the store's error, when the credential must not be handed out yet. It is kept and
   *   offered to the store again in any case.
   */
  async commit(answer: Answer): Promise<void> {
    const { leaseContext, intent, snapshot } = answer.attempt;
    if (!leaseContext.lease.isHeld())
      reportLoss(this.#node, leaseContext, intent.epoch, "after-send");
    try {
      const applied = await leaseContext.document.apply(this.#event(answer), { from: snapshot });
      this.#conclude(answer, applied);
    } catch (error) {
      const { nextInput } = answer.issued;
      const mustBeStored =
        this.#node.context.rules.rotates &&
        nextInput !== undefined &&
        nextInput.fingerprint !== answer.attempt.input?.fingerprint;
      const isReported = !mustBeStored && this.#serveUnstored(answer);
      this.#keep(answer.issued.expiresInMs, leaseContext.lease, () =>
        this.#offer(answer, isReported),
      );
      if (mustBeStored) throw error;
    }
  }

  /**
   * Writes the delayed outcome. If this process has replaced the credential meanwhile, writes the
   * replacement instead.
   */
  async #offer(answer: Answer, isReported: boolean): Promise<void> {
    const { adoption } = this.#node;
    const { leaseContext, operationId } = answer.attempt;
    const { document } = leaseContext;
    const isReplaced = this.#wasReplaced(answer);
    if (isReplaced && (await adoption.restore(document, operationId))) return;
    const event = this.#event(answer);
    // Its replacement is lost too, and may be the live one.
    const applied = await document.apply(isReplaced ? { ...event, leaseHeld: false } : event);
    if (isReplaced && applied.verdict.kind !== "superseded")
      return adoption.adoptNewer(applied.snapshot, document);
    this.#conclude(answer, applied, isReported);
  }

  #wasReplaced({ issued }: Answer): boolean {
    const { local } = this.#node;
    const { fingerprint } = issued.secret;
    return local.cached?.stored.fingerprint !== fingerprint && local.wasReplaced(fingerprint);
  }

  #event({ attempt, issued, receivedAtMs }: Answer): CommitEvent {
    const { context } = this.#node;
    const { intent, leaseContext, resolvedGoal } = attempt;
    // An answer without a new input leaves the old one valid.
    const input = issued.nextInput ?? attempt.input;
    const { sinceMs: claimedMs } = leaseContext.claims;
    const nextInput = input?.reveal() ?? attempt.snapshot.state.credential?.nextInput;
    return {
      type: "commit",
      epoch: intent.epoch,
      operationId: attempt.operationId,
      intentOutcomeId: attempt.outcomeId,
      outcomeId: context.random.id(),
      leaseHeld: leaseContext.lease.isHeld(),
      issued: {
        secret: issued.secret.reveal(),
        ...(nextInput === undefined ? {} : { nextInput }),
        fingerprint: issued.secret.fingerprint,
        sentAtMs: intent.atMs,
        issuedAtMs: receivedAtMs,
        expiresAtMs: intent.atMs + issued.expiresInMs,
        by: {
          node: context.node,
          environment: context.environment,
          reason: resolvedGoal.reason,
          ...(claimedMs !== undefined && { claimedMs }),
        },
      },
    };
  }

  /** `isReported`: its refresh was reported when it was handed out, before it was stored. */
  #conclude(
    answer: Answer,
    { verdict, snapshot: { state, version } }: Applied<CommitEvent>,
    isReported = false,
  ): void {
    const { context, storeClock, local, adoption } = this.#node;
    const { attempt } = answer;
    if (state?.credential === undefined) return;
    const stored = state.credential;
    const { epoch } = attempt.intent;
    const durationMs = context.clock.monotonicMs() - attempt.leaseContext.startedMs;
    const since = attempt.snapshot.state.doubtSinceMs;
    if (state.doubtSinceMs !== undefined && since === undefined)
      context.bus.emit("in-doubt", { cause: "overlap", epoch, generation: stored.generation });
    if (verdict.kind === "superseded") {
      context.bus.emit("commit-superseded", {
        epoch,
        fingerprint: answer.issued.secret.fingerprint,
        generation: stored.generation,
        durationMs,
      });
      return adoption.adoptNewer({ state, version }, attempt.leaseContext.document);
    }
    if (local.wasRefused(stored.fingerprint)) local.updateState(state);
    else local.adopt(state, stored);
    const isSame = verdict.kind === "committed" && verdict.same;
    if (!isReported)
      context.bus.emit("refreshed", {
        ...labelOf(stored),
        reason: attempt.resolvedGoal.reason,
        durationMs,
        remainingMs: stored.expiresAtMs - storeClock.nowMs(),
        unchanged: isSame,
      });
    if (answer.issued.isAgeUnknown && !isSame)
      context.bus.emit("age-unknown", { ...labelOf(stored), confirmMs: answer.issued.expiresInMs });
    if (since !== undefined && state.doubtSinceMs === undefined)
      context.bus.emit("reconciled", {
        ...labelOf(stored),
        durationMs,
        doubtMs: storeClock.nowMs() - since,
      });
  }

  /** Returns true when it is handed out, and reported. */
  #serveUnstored(answer: Answer): boolean {
    const { context, local } = this.#node;
    const { attempt } = answer;
    const { state } = attempt.snapshot;
    const { credential } = state;
    const { issued, epoch, operationId } = this.#event(answer);
    const isSame = credential?.fingerprint === issued.fingerprint;
    const stored = {
      ...issued,
      generation: (credential?.generation ?? 0) + (isSame ? 0 : 1),
      epoch,
      commitId: operationId,
    };
    const previous = credential && !isSame && { previous: { fingerprint: credential.fingerprint } };
    // The request has been answered, so it cannot overlap a later one.
    const next = change(state, { credential: stored, ...previous }, ["intent"]);
    if (local.wasRefused(stored.fingerprint)) {
      local.updateState(next);
      return false;
    }
    local.adopt(next, stored, { isUnstored: true });
    context.bus.emit("refreshed", {
      ...labelOf(stored),
      reason: attempt.resolvedGoal.reason,
      durationMs: context.clock.monotonicMs() - attempt.leaseContext.startedMs,
      remainingMs: answer.issued.expiresInMs,
      unchanged: isSame,
    });
    return true;
  }
}
