/**
 * Judges a complaint: the platform refused a call with the credential that is in use. Often the
 * fault is the call's, so the platform is asked first, whatever the credential's age. A dead one is
 * out of use at once. An alive one is kept. Without a verdict it stays in use until it has been
 * replaced.
 */
import { isDead, isSuspect } from "../state/state.ts";
import { markSuspect } from "../fleet/suspect-mark.ts";
import type { FleetNode } from "../fleet/node.ts";
import type { CachedCredential } from "../fleet/cached-credential.ts";
import type { Goal } from "../fleet/local-copy.ts";
import type { Probe } from "../leader/probe.ts";
import type { DocumentSource } from "../fleet/document-source.ts";

export interface JudgeOptions {
  readonly signal?: AbortSignal | undefined;
  /** True when only the platform's own verdict counts against the credential. */
  readonly doubtful?: boolean | undefined;
}

export class RefusalJudge {
  readonly #node: FleetNode;
  readonly #source: DocumentSource;
  readonly #probe: Probe;

  constructor(node: FleetNode, source: DocumentSource, probe: Probe) {
    this.#node = node;
    this.#source = source;
    this.#probe = probe;
  }

  /**
   * Resolves to the goal that follows from the complaint, or to the platform's verdict when the
   * credential is kept.
   */
  async judge(
    cached: CachedCredential,
    { signal, doubtful = false }: JudgeOptions = {},
  ): Promise<Goal | "alive" | "unknown"> {
    const { local } = this.#node;
    const { fingerprint } = cached.stored;
    const found = await this.#probe.verdict(cached.secret, signal);
    const isPresent = local.cached?.stored.fingerprint === fingerprint;
    if (isPresent && found === "alive") {
      await this.#clear(fingerprint);
      return "alive";
    }
    if (isPresent && found === "unknown" && doubtful) return "unknown";
    const isFirstHand = !this.#probe.canAsk;
    const isConfirmed =
      isFirstHand && local.state?.credential?.fingerprint === fingerprint && isDead(local.state);
    if (found === "dead" || isConfirmed) local.markRefused(fingerprint);
    const askedAtMs = isFirstHand ? undefined : this.#node.context.clock.monotonicMs();
    return {
      reason: "rejected",
      refused: fingerprint,
      isDead: found === "dead" || isFirstHand,
      isFirstHand,
      askedAtMs,
    };
  }

  /** Withdraws another node's report. */
  async #clear(fingerprint: string): Promise<void> {
    const { local } = this.#node;
    const { state } = local;
    if (state === undefined || !isSuspect(state)) return;
    const applied = await markSuspect(this.#source.document, { fingerprint, found: "alive" });
    if (applied?.snapshot.state?.credential?.fingerprint === fingerprint)
      local.updateState(applied.snapshot.state);
  }
}
