/**
 * Business calls of one node, as an API client makes them: take the credential, call, and after a
 * refusal report it and call once more.
 */
import type { Rejection, Secret } from "@lingpai/core";
import type { Auditor } from "../audit/auditor.ts";
import type { Chance } from "../world/chance.ts";
import type { FleetNode, Life } from "../fleet/fleet-node.ts";
import type { Tally } from "../audit/metrics.ts";
import type { TicketAudit } from "../audit/ticket-audit.ts";
import type { Wechat } from "../platform/wechat.ts";
import type { World } from "../world/world.ts";

export interface TrafficOptions {
  readonly world: World;
  readonly chance: Chance;
  /** Who loses patience, and when. */
  readonly tempers: Chance;
  /** Which call goes to the API that refuses every token, and which needs a ticket. */
  readonly paths: Chance;
  readonly wechat: Wechat;
  /** Undefined: nobody keeps a ticket. */
  readonly tickets: TicketAudit | undefined;
  readonly auditor: Auditor;
  readonly tally: Tally;
  /** Mean time between two calls of a node. */
  readonly callEveryMs: number;
  readonly longCall: number;
  readonly refusedPathShare: number;
  readonly isBusy: (atMs: number) => boolean;
  /** Whether callers report refusals. */
  readonly reports: boolean;
}

/** Of the calls, how many need a ticket too. */
const asksForTicket = 0.3;
/** How often a caller reports an old token: a bug of callers that must do no harm. */
const strayReport = 0.001;
const longCallMaxMs = 30_000;
/** Of the callers that have to wait, how many leave before they are served. */
const leaves = 0.3;
const leavesWithinMs = 3_000;
const refusedPath = "/cgi-bin/refused";
/** How often one call is sent, at most. */
const sendsMax = 3;
const waitMs = 20_000;
/** `waitMs`, a deadline of the store, and what a timer rounds. */
const servedWithinMs = waitMs + 500 + 2;
/** What a deadline gives to a process that stood still meanwhile. */
const graceMs = waitMs / 8;

export class Traffic {
  readonly #options: TrafficOptions;
  readonly #node: FleetNode;

  constructor(options: TrafficOptions, node: FleetNode) {
    this.#options = options;
    this.#node = node;
  }

  /** Calls from now on, whenever the node is awake. */
  begin(): void {
    const { world, chance, callEveryMs, isBusy, paths, tickets } = this.#options;
    world.after(chance.exponential(callEveryMs), () => {
      this.begin();
      const life = this.#node.life;
      if (life === undefined || !life.process.isAwake || !isBusy(world.nowMs)) return "quiet";
      const call = this.#call(life);
      if (tickets === undefined || !paths.happens(asksForTicket)) return call;
      void tickets.call(this.#node, life);
      return undefined;
    });
  }

  /**
   * A promise where everything that follows has settled with it; undefined where more may follow.
   */
  #call(life: Life): Promise<void> | undefined {
    const { chance, longCall, paths, refusedPathShare, tally } = this.#options;
    tally.calls += 1;
    if (refusedPathShare > 0 && paths.happens(refusedPathShare)) {
      void this.#refusedCall(life);
      return undefined;
    }
    const travelMs = chance.happens(longCall) ? chance.between(1_000, longCallMaxMs) : 0;
    const isStray = chance.happens(strayReport);
    if (life.credential.peek() === undefined || travelMs > 0 || isStray) {
      void this.#slowCall(life, travelMs, isStray);
      return undefined;
    }
    return this.#fastCall(life);
  }

  /** A fresh copy is at hand, so `get` starts nothing; and the call takes no time. */
  async #fastCall(life: Life): Promise<void> {
    const secret = await life.credential.get();
    const token = secret.reveal();
    this.#options.auditor.served(this.#node, life, token);
    const code = this.#options.wechat.call(token);
    if (code === 0) return this.#options.auditor.answered(this.#node, life);
    void this.#refused(life, secret, code, this.#options.world.nowMs);
    return this.#options.world.settled();
  }

  async #slowCall(life: Life, travelMs: number, isStray: boolean): Promise<void> {
    const { auditor, wechat } = this.#options;
    if (isStray) await this.#reportOldToken(life);
    if (life.credential.peek() === undefined) {
      this.#down(life);
      if (this.#options.tempers.happens(leaves)) void this.#leave(life);
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
    if (travelMs > 0) await this.#travel(life, travelMs);
    const code = wechat.call(token);
    return code === 0
      ? this.#options.auditor.answered(this.#node, life)
      : this.#refused(life, secret, code, obtainedAtMs);
  }

  /** I19: what is at hand costs no time, and nobody waits longer than was promised. */
  async #obtain(life: Life): Promise<Secret> {
    const { auditor, world } = this.#options;
    const { credential, process } = life;
    const isAtHand = credential.peek() !== undefined;
    const since = { awakeMs: process.awakeMs, trueMs: world.nowMs };
    try {
      return await credential.get();
    } finally {
      auditor.waited(this.#node, life, since.trueMs);
      const tookMs = process.awakeMs - since.awakeMs;
      const hasStoodStill = world.nowMs - since.trueMs > tookMs;
      const mostMs = isAtHand ? 0 : servedWithinMs + (hasStoodStill ? graceMs : 0);
      if (tookMs > mostMs)
        auditor.violated(
          "I19",
          `${this.#node.name} let a caller wait ${tookMs} ms, where ${mostMs} is the most`,
        );
    }
  }

  /** I20: who leaves gets the reason for it; the others are judged as ever. */
  async #leave({ credential, process }: Life): Promise<void> {
    const leaving = new AbortController();
    const reason = new Error("The caller has left.");
    process.receive(this.#options.tempers.between(0, leavesWithinMs), () => leaving.abort(reason));
    await credential.get({ signal: leaving.signal }).catch((error: unknown) => {
      if (leaving.signal.aborted && error !== reason)
        this.#options.auditor.violated(
          "I20",
          `${this.#node.name} gave a caller that left ${error}`,
        );
    });
  }

  /** A call to the API that refuses every token: its caller gets the code, sooner or later. */
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
    const { auditor, tally, reports } = this.#options;
    tally.refusedFirst += 1;
    this.#down(life);
    auditor.refused(this.#node, secret.reveal(), code, obtainedAtMs);
    if (reports) await this.#replay(life, secret, code, 1);
  }

  /**
   * Reports the refused credential, and sends the call again with its replacement; and once more
   * where that one has been killed too.
   */
  async #replay(life: Life, secret: Secret, code: number, sends: number): Promise<void> {
    const { auditor, wechat, world } = this.#options;
    const sinceMs = world.nowMs;
    let rejection: Rejection;
    try {
      rejection = await life.credential.reject(secret, { platformCode: String(code) });
    } catch (error) {
      // Only what the platform was asked about, and called dead, is out of use.
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
    if (wechat.lastForeignAtMs >= sinceMs) auditor.killedMeanwhile(this.#node);
    return auditor.failed(this.#node, life, "replay", undefined);
  }

  /**
   * Promise 4: what was replaced is answered with the present one, at once, and nothing is fetched.
   */
  async #reportOldToken(life: Life): Promise<void> {
    const { auditor, world } = this.#options;
    const old = life.served.at(-2);
    const present = life.credential.peek();
    // In doubt the present one is looked at first, which takes a question to the platform.
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
        `${this.#node.name} reported an old token, and was not given the present one at once`,
      );
    }
  }

  #travel({ process }: Life, ms: number): Promise<void> {
    return new Promise((resolve) => process.receive(ms, resolve));
  }

  #down(life: Life): void {
    if (life.downSinceMs !== undefined) return;
    life.downSinceMs = life.process.awakeMs;
    life.downSinceTrueMs = this.#options.world.nowMs;
  }
}
