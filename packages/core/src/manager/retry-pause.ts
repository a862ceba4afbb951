/** The pause of this node between two background attempts at a refresh. */
import type { Goal } from "../fleet/local-copy.ts";
import type { FleetNode } from "../fleet/node.ts";
import { isDead } from "../state/state.ts";
import { retrySpreadMs, steppedMs } from "./background-schedule.ts";
import type { FailedAttempt } from "./stale-cause.ts";

const none = (): number => Number.NEGATIVE_INFINITY;

export class RetryPause {
  readonly #node: FleetNode;
  readonly #dueGoal: () => Goal | undefined;
  #untilMs: () => number = none;
  /** Failed attempts in a row, and the reason of the last one. */
  #failures = 0;
  #failedFor: Goal["reason"] | undefined;

  /** @param dueGoal returns what should be attempted now. */
  constructor(node: FleetNode, dueGoal: () => Goal | undefined) {
    this.#node = node;
    this.#dueGoal = dueGoal;
  }

  /** When the pause ends, on the monotonic clock. What happens meanwhile may shorten it. */
  untilMs(): number {
    return this.#untilMs();
  }

  /** Ends the pause, because the store is back. */
  end(): void {
    this.#untilMs = none;
    this.#failures = 0;
  }

  /** Records that an attempt begins. */
  begins(goal: Goal | undefined): void {
    if (this.#isNewRefusal(this.#failedFor)) this.#failures = 0;
    this.#failedFor = goal?.reason;
  }

  /**
   * Pauses after an attempt without a new credential, at most as long as another node's lease may
   * last. The pause becomes shorter as soon as no credential can be served. Then, and after a new
   * refusal, only the fleet's back-off counts while there is one.
   *
   * Without a failure, the platform answered with the credential in use, of which little is left.
   * Many platforms hand out another only when that has expired, so the pause ends then at the latest.
   */
  start(failed: FailedAttempt | undefined): void {
    const { local, context, storeClock } = this.#node;
    const block = failed?.block;
    this.#failures += 1;
    const atMs = context.clock.monotonicMs();
    const failures = this.#failures;
    const failedFor = this.#failedFor;
    const jitter = 0.8 + 0.4 * context.random.next();
    const share = context.random.next();
    const backOffMs = (local.state?.backOffUntilMs ?? 0) - storeClock.nowMs();
    const restMs = (local.cached?.stored.expiresAtMs ?? 0) - storeClock.nowMs();
    const endsInMs = failed === undefined && restMs > 0 ? restMs : Number.POSITIVE_INFINITY;
    this.#untilMs = () => {
      const isUrgent = !local.isUsable || (local.state !== undefined && isDead(local.state));
      if (this.#isNewRefusal(failedFor) || (isUrgent && backOffMs > 0))
        return atMs + (1 + share / 4) * backOffMs;
      const ownMs = jitter * steppedMs(failures, isUrgent);
      const leaseMs =
        block?.kind === "wait"
          ? block.ms + retrySpreadMs(isUrgent) * share
          : Number.POSITIVE_INFINITY;
      return atMs + Math.max(Math.min(ownMs, leaseMs, endsInMs), jitter * backOffMs);
    };
  }

  /** Returns true when a refusal is known that was not when an attempt for this reason failed. */
  #isNewRefusal(failedFor: Goal["reason"] | undefined): boolean {
    return failedFor !== "rejected" && this.#dueGoal()?.reason === "rejected";
  }
}
