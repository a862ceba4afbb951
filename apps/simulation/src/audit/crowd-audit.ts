/**
 * Judges a process with thousands of credentials: each call is served with a live secret, and the
 * process needs no more timers, subscriptions, commands and fetches than it promises.
 */
import type { Credential } from "@lingpai/core";
import type { Auditor } from "./auditor.ts";
import type { Crowd } from "../fleet/crowd.ts";
import type { World } from "../world/world.ts";

/**
 * The process has one timer for all sleeping credentials, and two for each command in flight. At
 * rest few commands are in flight.
 */
const timersMax = 50;
/**
 * The most commands for each credential: eight at its start, one after it has subscribed, one after
 * a failover, and some for an outage.
 */
const commandsMax = 16;
/** A fetch whose outcome an outage made uncertain is followed by a second one. */
const fetchesMax = 2;

/** The parts of a crowd that the audit reads. */
export type AuditedCrowd = Pick<
  Crowd,
  "commands" | "fetchesOf" | "isAlive" | "subscriptions" | "timers"
> & { readonly credentials: readonly Pick<Credential, "get">[] };

export class CrowdAudit {
  readonly #world: World;
  readonly #crowd: AuditedCrowd;
  readonly #auditor: Pick<Auditor, "violated">;
  readonly #served = new Set<number>();
  #excusedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(world: World, crowd: AuditedCrowd, auditor: Pick<Auditor, "violated">) {
    this.#world = world;
    this.#crowd = crowd;
    this.#auditor = auditor;
  }

  /** SafetyExceptions the calls that begin while the store is unreachable, for `forMs` from now. */
  excuse(forMs: number): void {
    this.#excusedUntilMs = Math.max(this.#excusedUntilMs, this.#world.nowMs + forMs);
  }

  /** Makes one call for a credential. */
  async call(index: number): Promise<void> {
    const sinceMs = this.#world.nowMs;
    try {
      const secret = await this.#crowd.credentials[index]!.get();
      this.#served.add(index);
      if (!this.#crowd.isAlive(index, secret.reveal()))
        this.#violated(`credential ${index} was served with a dead secret`);
    } catch (error) {
      if (sinceMs > this.#excusedUntilMs)
        this.#violated(`a call for credential ${index} failed: ${String(error)}`);
    }
  }

  /** Judges the process after all credentials were called and nothing is in flight. */
  atRest(): void {
    const { commands, credentials, subscriptions, timers } = this.#crowd;
    if (this.#served.size < credentials.length)
      this.#violated(`${credentials.length - this.#served.size} credentials were never served`);
    if (timers > timersMax) this.#violated(`${timers} timers are set`);
    if (subscriptions !== 1) this.#violated(`${subscriptions} subscriptions stand`);
    if (commands > commandsMax * credentials.length)
      this.#violated(`${commands} commands were sent`);
    for (const index of credentials.keys()) {
      const fetches = this.#crowd.fetchesOf(index);
      if (fetches > fetchesMax) this.#violated(`credential ${index} was fetched ${fetches} times`);
    }
  }

  #violated(what: string): void {
    this.#auditor.violated(
      "B9",
      `${what}, in a process with ${this.#crowd.credentials.length} credentials`,
    );
  }
}
