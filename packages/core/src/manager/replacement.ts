/**
 * Finds the replacement of a refused credential that is certain enough to repeat a call with it.
 */
import type { Secret } from "../secret.ts";
import type { Closing } from "../time/closing.ts";
import { waitFor } from "../time/wait.ts";
import type { FleetNode } from "../fleet/node.ts";
import type { SingleFlight } from "./single-flight.ts";
import type { Goal } from "../fleet/local-copy.ts";
import { NotReplacedError } from "../leader/block-reason.ts";
import { OpenRequest } from "./open-request.ts";
import type { Probe } from "../leader/probe.ts";
import type { DocumentSource } from "../fleet/document-source.ts";
import type { Rejection } from "../credential.ts";

export class Replacement {
  readonly #node: FleetNode;
  readonly #singleFlight: SingleFlight;
  readonly #probe: Probe;
  readonly #openRequest: OpenRequest;
  readonly #closing: Closing;

  constructor(
    node: FleetNode,
    source: DocumentSource,
    singleFlight: SingleFlight,
    probe: Probe,
    closing: Closing,
  ) {
    this.#node = node;
    this.#singleFlight = singleFlight;
    this.#probe = probe;
    this.#openRequest = new OpenRequest(node, source, closing);
    this.#closing = closing;
  }

  /**
   * Settles within `waitMs`. A credential that the platform hands out again, and does not call
   * dead, is alive: the call was refused for another reason.
   *
   * @param reportedAtMs when the refusal was reported here, in the store's time
   */
  async for(goal: Goal, reportedAtMs: number, signal: AbortSignal | undefined): Promise<Rejection> {
    const { local } = this.#node;
    try {
      const secret = await this.#certain(goal, signal);
      const stored = local.cached?.stored;
      return {
        replaced: true,
        secret,
        wasReplaced: stored?.fingerprint === secret.fingerprint && stored.sentAtMs <= reportedAtMs,
      };
    } catch (error) {
      const isKept =
        error instanceof NotReplacedError &&
        local.cachedFor({ reason: "cold" })?.stored.fingerprint === goal.refused;
      if (isKept) return { replaced: false };
      throw error;
    }
  }

  /** As {@link Replacement.for}, for one that the platform called dead. */
  async forDead(refused: string, signal: AbortSignal | undefined): Promise<"replaced" | "unknown"> {
    const { local, storeClock } = this.#node;
    local.markRefused(refused);
    const { replaced } = await this.for(
      { reason: "rejected", refused, isDead: true },
      storeClock.nowMs(),
      signal,
    );
    return replaced ? "replaced" : "unknown";
  }

  /**
   * While the live credential is in doubt, waits for a request in flight that may kill the stored
   * one, and then asks about the stored one. Reconciling is left to the background: an earlier one
   * would kill the credential that nodes without push still send.
   */
  async #certain(goal: Goal, signal: AbortSignal | undefined): Promise<Secret> {
    const { local, context } = this.#node;
    const { clock, parameters } = context;
    const untilMs = clock.monotonicMs() + parameters.waitMs;
    const leftMs = (): number => Math.max(1, untilMs - clock.monotonicMs());
    const secret = await this.#singleFlight.ensure(goal, signal);
    if (local.state?.doubtSinceMs === undefined) return secret;
    await this.#openRequest.ended(leftMs(), signal);
    const { cached, state } = local;
    if (cached !== undefined && state?.doubtSinceMs !== undefined) {
      const asking = this.#probe.verdict(cached.secret, signal);
      const verdict = await this.#closing.during((closing) =>
        waitFor(asking, {
          deadline: { clock, ms: leftMs(), onLate: () => "unknown" as const },
          signals: [signal, closing],
        }),
      );
      if (verdict === "dead") local.markRefused(cached.stored.fingerprint);
    }
    return this.#singleFlight.ensure(goal, signal, leftMs());
  }
}
