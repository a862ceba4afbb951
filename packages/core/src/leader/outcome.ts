/**
 * Writes down how a request ended. What came back is never lost: with the store gone, memory is the
 * only copy.
 */
import type { IssueError } from "../errors.ts";
import type { AbandonEvent } from "../state/abandon.ts";
import type { CommitEvent } from "../state/commit.ts";
import { reduce } from "../state/reduce.ts";
import { tryAgainMaxMs } from "../state/refusal.ts";
import { labelOf } from "../fleet/adoption.ts";
import { type Applied } from "../fleet/document.ts";
import { isUnavailable } from "../fleet/store-health.ts";
import type { Answer, Flight } from "./attempt.ts";
import type { Parts } from "../fleet/node.ts";
import { PendingCommit } from "./pending-commit.ts";
import { reportFailure, reportLoss } from "./reports.ts";
import type { Setting } from "../fleet/context.ts";

export interface Ending extends Pick<
  AbandonEvent,
  "outcome" | "code" | "retryAfterMs" | "quotaGone" | "again"
> {
  /** Whom a refusal concerns that somebody has to mend. */
  readonly refusal?: "account" | "node";
}

/** What the document is told of it. */
export function asEvent(
  { node, random, revision }: Setting,
  { refusal, ...ending }: Ending,
): Omit<AbandonEvent, "type" | "operationId" | "outcomeId" | "sentAtMs"> {
  if (refusal === undefined) return ending;
  return {
    ...ending,
    refusal:
      refusal === "node"
        ? { scope: "node" }
        : { scope: "account", node, revision: revision(), jitter: random.next() },
  };
}

export class Recorder {
  readonly #parts: Parts;
  readonly pending: PendingCommit;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.pending = new PendingCommit(parts.setting);
  }

  /**
   * Never fails because of the store: what could not be recorded is kept, and offered to the store
   * again the moment that it answers. Gives whether it is recorded, so that another request may be
   * announced.
   */
  async abandon(flight: Flight, ending: Ending, error?: IssueError): Promise<boolean> {
    const { setting, local, storeClock } = this.#parts;
    const { leadership, aim, intent } = flight;
    const event = {
      type: "abandon",
      operationId: flight.operationId,
      outcomeId: setting.random.id(),
      sentAtMs: intent.atMs,
      ...asEvent(setting, ending),
      ...(ending.outcome === "parent" && leadership.parent
        ? { parent: leadership.parent.fingerprint }
        : {}),
    } as const;
    let { state } = flight.snapshot;
    let isRecorded = true;
    try {
      const applied = await leadership.document.apply(event, { from: flight.snapshot });
      state = applied?.snapshot.state ?? state;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      isRecorded = false;
      // Known here already; as for the others, an open request is one that may have been answered.
      state = reduce(state, event, storeClock.nowMs(), setting.rules).state ?? state;
      this.pending.keep(tryAgainMaxMs, leadership.lease, async () => {
        const applied = await leadership.document.apply(event);
        if (applied?.snapshot.state !== undefined) local.note(applied.snapshot.state);
      });
    }
    local.note(state);
    if (error === undefined || ending.again === true) return isRecorded;
    reportFailure(setting.bus, error, {
      reason: aim.reason,
      failures: state.failures,
      durationMs: setting.clock.monotonicMs() - leadership.startedMs,
    });
    if (ending.outcome === "unknown" && setting.rules.supersedes) {
      setting.bus.emit("in-doubt", {
        cause: "unknown-outcome",
        epoch: intent.epoch,
        generation: state.credential?.generation,
      });
    }
    return isRecorded;
  }

  /**
   * Stores what was issued and hands it out from now on; unless a later one is stored, which is
   * then handed out. What came with a new input is not handed out before that is stored: a crash
   * would lose it.
   *
   * @throws what the store throws, when it must not be handed out yet. It is kept and offered to
   *   the store again, whatever the store threw.
   */
  async commit(answer: Answer): Promise<void> {
    const { leadership, intent, snapshot } = answer.flight;
    if (!leadership.lease.isHeld()) reportLoss(this.#parts, leadership, intent.epoch, "after-send");
    try {
      const applied = await leadership.document.apply(this.#event(answer), { from: snapshot });
      if (applied !== undefined) this.#conclude(answer, applied);
    } catch (error) {
      const { carry } = answer.issued;
      const mustBeStored =
        this.#parts.setting.rules.rotates &&
        carry !== undefined &&
        carry !== answer.flight.input?.reveal();
      if (!mustBeStored) this.#serveUnstored(answer);
      this.pending.keep(answer.issued.expiresInMs, leadership.lease, async () => {
        const applied = await leadership.document.apply(this.#event(answer));
        if (applied !== undefined) this.#conclude(answer, applied);
      });
      if (mustBeStored) throw error;
    }
  }

  #event({ flight, issued, receivedAtMs }: Answer): CommitEvent {
    const { environment, node, random, fingerprintOf } = this.#parts.setting;
    const { intent, leadership, aim } = flight;
    // An answer without a new input leaves the old one good.
    const carry = issued.carry ?? flight.input?.reveal() ?? flight.snapshot.state.credential?.carry;
    return {
      type: "commit",
      epoch: intent.epoch,
      operationId: flight.operationId,
      intentOutcomeId: flight.outcomeId,
      outcomeId: random.id(),
      leaseHeld: leadership.lease.isHeld(),
      issued: {
        secret: issued.secret,
        ...(carry === undefined ? {} : { carry }),
        fingerprint: fingerprintOf(issued.secret),
        sentAtMs: intent.atMs,
        issuedAtMs: receivedAtMs,
        expiresAtMs: intent.atMs + issued.expiresInMs,
        ...(leadership.parent === undefined
          ? {}
          : { parentFingerprint: leadership.parent.fingerprint }),
        by: { node, environment, reason: aim.reason },
      },
    };
  }

  #conclude(answer: Answer, { verdict, snapshot: { state, version } }: Applied<CommitEvent>): void {
    const { setting, storeClock, local, adoption } = this.#parts;
    const { flight } = answer;
    const held = state?.credential;
    if (state === undefined || held === undefined) return;
    const { epoch } = flight.intent;
    const durationMs = setting.clock.monotonicMs() - flight.leadership.startedMs;
    const since = flight.snapshot.state.doubtSinceMs;
    if (state.doubtSinceMs !== undefined && since === undefined)
      setting.bus.emit("in-doubt", { cause: "overlap", epoch, generation: held.generation });
    if (verdict.kind === "superseded") {
      setting.bus.emit("commit-superseded", {
        epoch,
        fingerprint: setting.fingerprintOf(answer.issued.secret),
        generation: held.generation,
        durationMs,
      });
      return adoption.take({ state, version }, flight.leadership.document);
    }
    if (local.wasRefused(held.fingerprint)) local.note(state);
    else local.adopt(state, held);
    if (verdict.kind === "repeated") return;
    const remainingMs = held.expiresAtMs - storeClock.nowMs();
    setting.bus.emit("refreshed", {
      ...labelOf(held),
      reason: flight.aim.reason,
      durationMs,
      remainingMs,
      unchanged: verdict.same,
    });
    if (answer.issued.isAgeUnknown && !verdict.same)
      setting.bus.emit("age-unknown", { ...labelOf(held), confirmMs: answer.issued.expiresInMs });
    if (verdict.reconciled && since !== undefined)
      setting.bus.emit("reconciled", {
        ...labelOf(held),
        durationMs,
        doubtMs: storeClock.nowMs() - since,
      });
  }

  #serveUnstored(answer: Answer): void {
    const { setting, local } = this.#parts;
    const { flight } = answer;
    const { state } = flight.snapshot;
    const { issued, epoch, operationId } = this.#event(answer);
    const held = {
      ...issued,
      generation: (state.credential?.generation ?? 0) + 1,
      epoch,
      commitId: operationId,
    };
    const previous = state.credential && {
      previous: { fingerprint: state.credential.fingerprint, usableUntilMs: 0 },
    };
    const next = { ...state, credential: held, ...previous };
    if (local.wasRefused(held.fingerprint)) return local.note(next);
    local.adopt(next, held, { isUnstored: true });
    const durationMs = setting.clock.monotonicMs() - flight.leadership.startedMs;
    setting.bus.emit("refreshed", {
      ...labelOf(held),
      reason: flight.aim.reason,
      durationMs,
      remainingMs: answer.issued.expiresInMs,
      unchanged: false,
    });
  }
}
