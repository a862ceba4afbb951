/**
 * The business calls of one node, as an API client makes them: get the credential, call, and after
 * a refusal report it and call again.
 */
import type { Rejection, Secret } from "@lingpai/core";
import type { Auditor } from "../audit/auditor.ts";
import type { Chance } from "../world/chance.ts";
import type { FleetNode, Life } from "../fleet/fleet-node.ts";
import type { Metrics } from "../audit/metrics.ts";
import type { TicketAudit } from "../audit/ticket-audit.ts";
import type { Wechat } from "../platform/wechat.ts";
import type { World } from "../world/world.ts";

export interface WorkloadOptions {
  readonly world: World;
  readonly chance: Chance;
  /** Draws which callers give up waiting, and when. */
  readonly patience: Chance;
  /** Draws which calls go to the API that refuses every token, and which need a ticket. */
  readonly paths: Chance;
  readonly wechat: Wechat;
  /** Undefined: no node keeps a ticket. */
  readonly tickets: TicketAudit | undefined;
  readonly auditor: Auditor;
  readonly metrics: Metrics;
  /** Mean time between two calls of a node. */
  readonly callEveryMs: number;
  readonly longCall: number;
  readonly refusedPathShare: number;
  readonly isBusy: (atMs: number) => boolean;
  /** Whether callers report refusals. */
  readonly reports: boolean;
}

/** The share of calls that also need a ticket. */
const ticketShare = 0.3;
/** The share of calls that report an old token: a bug of callers that must do no harm. */
const strayReport = 0.001;
const longCallMaxMs = 30_000;
/** The share of waiting callers that give up before they are served. */
const giveUpShare = 0.3;
const giveUpWithinMs = 3_000;
const refusedPath = "/cgi-bin/refused";
/** The most times that one call is sent. */
const sendsMax = 3;
const waitMs = 20_000;
/** `waitMs`, one store deadline, and the rounding of a timer. */
const servedWithinMs = waitMs + 500 + 2;
/** The extra time that a deadline allows for a process that was paused meanwhile. */
const graceMs = waitMs / 8;

export class Workload {
  readonly #options: WorkloadOptions;
  readonly #node: FleetNode;

  constructor(options: WorkloadOptions, node: FleetNode) {
    this.#options = options;
    this.#node = node;
  }

  /** Starts the calls. The node makes none while it is paused or down. */
  begin(): void {
    const { world, chance, callEveryMs, isBusy, paths, tickets } = this.#options;
    world.after(chance.exponential(callEveryMs), () => {
      this.begin();
      const life = this.#node.life;
      if (life === undefined || !life.process.isAwake || !isBusy(world.nowMs)) return "quiet";
      const call = this.#call(life);
      if (tickets === undefined || !paths.happens(ticketShare)) return call;
      void tickets.call(this.#node, life);
      return undefined;
    });
  }

  /**
   * Returns a promise if all effects of the call settle with it, and undefined if more may follow.
   */
  #call(life: Life): Promise<void> | undefined {
    const { chance, longCall, paths, refusedPathShare, metrics } = this.#options;
    metrics.calls += 1;
    if (refusedPathShare > 0 && paths.happens(refusedPathShare)) {
      void this.#refusedCall(life);
      return undefined;
    }
    const inFlightMs = chance.happens(longCall) ? chance.between(1_000, longCallMaxMs) : 0;
    const isStray = chance.happens(strayReport);
    if (life.credential.peek() === undefined || inFlightMs > 0 || isStray) {
      void this.#slowCall(life, inFlightMs, isStray);
      return undefined;
    }
    return this.#fastCall(life);
  }

  /** The node has a fresh copy, so `get` starts nothing and the call takes no time. */
  async #fastCall(life: Life): Promise<void> {
    const secret = await life.credential.get();
    const token = secret.reveal();
    this.#options.auditor.served(this.#node, life, token);
    const code = this.#options.wechat.call(token);
    if (code === 0) return this.#options.auditor.answered(this.#node, life);
    void this.#refused(life, secret, code, this.#options.world.nowMs);
    return this.#options.world.settled();
  }

  async #slowCall(life: Life, inFlightMs: number, isStray: boolean): Promise<void> {
    const { auditor, wechat } = this.#options;
    if (isStray) await this.#reportOldToken(life);
    if (life.credential.peek() === undefined) {
      this.#down(life);
      if (this.#options.patience.happens(giveUpShare)) void this.#giveUp(life);
    }
    let secret: Secret;
    try {
      secret = await this.#obtain(life);
    } catch (error) {
      return auditor.failed(this.#node, life, "get", error);
    }
    const token = secret.reveal();
    const obtainedAtMs = this.#options.world.nowMs;
    auditor.served(this.#node, life, token);
    if (inFlightMs > 0) await this.#stayInFlight(life, inFlightMs);
    const code = wechat.call(token);
    return code === 0
      ? this.#options.auditor.answered(this.#node, life)
      : this.#refused(life, secret, code, obtainedAtMs);
  }

  /** I19: a fresh copy costs no time, and no caller waits longer than promised. */
  async #obtain(life: Life): Promise<Secret> {
    const { auditor, world } = this.#options;
    const { credential, process } = life;
    const hasFreshCopy = credential.peek() !== undefined;
    const since = { awakeMs: process.awakeMs, trueMs: world.nowMs };
    try {
      return await credential.get();
    } finally {
      auditor.waited(this.#node, life, since.trueMs);
      const tookMs = process.awakeMs - since.awakeMs;
      const wasPaused = world.nowMs - since.trueMs > tookMs;
      const limitMs = hasFreshCopy ? 0 : servedWithinMs + (wasPaused ? graceMs : 0);
      if (tookMs > limitMs)
        auditor.violated(
          "I19",
          `${this.#node.name} let a caller wait ${tookMs} ms; the limit is ${limitMs}`,
        );
    }
  }

  /** I20: a caller that gives up gets its own reason; the other callers notice nothing. */
  async #giveUp({ credential, process }: Life): Promise<void> {
    const leaving = new AbortController();
    const reason = new Error("The caller gave up.");
    process.receive(this.#options.patience.between(0, giveUpWithinMs), () => leaving.abort(reason));
    await credential.get({ signal: leaving.signal }).catch((error: unknown) => {
      if (leaving.signal.aborted && error !== reason)
        this.#options.auditor.violated(
          "I20",
          `${this.#node.name} gave a caller that gave up ${error}`,
        );
    });
  }

  /**
   * A call to the API that refuses every token. Its caller always gets the error code in the end.
   */
  async #refusedCall(life: Life): Promise<void> {
    const { credential } = life;
    const options = { platformCode: "40001", path: refusedPath };
    try {
      const secret = await credential.get();
      await credential.reject(secret, options);
    } catch (error) {
      this.#options.world.note(
        this.#node.name,
        `a call to ${refusedPath} ends: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  async #refused(life: Life, secret: Secret, code: number, obtainedAtMs: number): Promise<void> {
    const { auditor, metrics, reports } = this.#options;
    metrics.refusedFirst += 1;
    this.#down(life);
    auditor.refused(this.#node, secret.reveal(), code, obtainedAtMs);
    if (reports) await this.#replay(life, secret, code, 1);
  }

  /**
   * Reports the refused credential and sends the call again with its replacement, and once more if
   * that one is refused too.
   */
  async #replay(life: Life, secret: Secret, code: number, sends: number): Promise<void> {
    const { auditor, wechat, world } = this.#options;
    const sinceMs = world.nowMs;
    let rejection: Rejection;
    try {
      rejection = await life.credential.reject(secret, { platformCode: String(code) });
    } catch (error) {
      // Only a token that the platform called dead is out of use.
      if (life.credential.peek()?.reveal() !== secret.reveal()) life.rejected.add(secret.reveal());
      return auditor.failed(this.#node, life, "reject", error);
    } finally {
      auditor.waited(this.#node, life, sinceMs);
    }
    if (!rejection.replaced) return auditor.failed(this.#node, life, "probed", undefined);
    life.rejected.add(secret.reveal());
    const token = rejection.secret.reveal();
    auditor.served(this.#node, life, token);
    const again = wechat.call(token);
    if (again === 0) return auditor.answered(this.#node, life);
    if (sends < sendsMax - 1) return this.#replay(life, rejection.secret, again, sends + 1);
    auditor.refusedFinally(this.#node, token);
    return auditor.failed(this.#node, life, "replay", undefined);
  }

  /**
   * Promise 4: a report of a replaced token returns the present one at once and fetches nothing.
   */
  async #reportOldToken(life: Life): Promise<void> {
    const { auditor, world } = this.#options;
    const old = life.served.at(-2);
    const present = life.credential.peek();
    // While there is a doubt, the platform is first asked about the present token.
    if (old === undefined || present === undefined || life.credential.status().inDoubt) return;
    const atMs = world.nowMs;
    const answer = await life.credential
      .reject(old, { platformCode: "40001" })
      .catch(() => undefined);
    if (
      answer?.replaced !== true ||
      answer.secret.fingerprint !== present.fingerprint ||
      world.nowMs !== atMs
    ) {
      auditor.violated(
        "4",
        `${this.#node.name} reported an old token and did not get the present one at once`,
      );
    }
  }

  #stayInFlight({ process }: Life, ms: number): Promise<void> {
    return new Promise((resolve) => process.receive(ms, resolve));
  }

  #down(life: Life): void {
    if (life.downSinceMs !== undefined) return;
    life.downSinceMs = life.process.awakeMs;
    life.downSinceTrueMs = this.#options.world.nowMs;
  }
}
