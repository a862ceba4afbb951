/** What befell whom, and what follows from it: a promise that has conditions is judged by them. */
import { IssueError } from "@lingpai/core";
import { Disturbances } from "./disturbances.ts";
import type { DocumentAudit } from "./document-audit.ts";
import type { FetchAudit } from "./fetch-audit.ts";
import type { FleetNode, Life } from "./fleet-node.ts";
import type { Tally } from "./tally.ts";
import type { Wechat } from "./wechat.ts";
import type { World } from "./world.ts";

/** On a process's own time, which stands still when it does, and in truth. */
export interface Moment {
  readonly awakeMs: number;
  readonly trueMs: number;
}

export interface Scene {
  readonly world: World;
  readonly wechat: Wechat;
  readonly tally: Tally;
  readonly nodes: () => readonly FleetNode[];
}

/** At what a call failed: to get a credential, to have it replaced, at its second attempt, or at being told that the first one works. */
export type How = "get" | "reject" | "replay" | "probed";

/** Every node reads the store at least this often, and writes back what it lost. */
export const repairedWithinMs = 420_000;
/** A holder's lease, and a little. */
export const leaseMs = 11_000;
/** The longest that a fleet leaves the platform alone after an attempt that failed. */
const backOffMaxMs = 60_000;

export class Circumstances {
  /** What may make a second fetch of one generation necessary. */
  readonly disturbances: Disturbances = new Disturbances();
  /** What no fleet could do anything about. */
  readonly excuses: Disturbances = new Disturbances();
  /** Requests that the platform did not answer, and holders of the lease that died or stood still: a caller's patience outlasts one of them. */
  readonly hindrances: Disturbances = new Disturbances();
  /** Machines that slept. Their monotonic clocks do not tell; the process notices by the wall clock when its next timer fires. */
  readonly sleeps: Disturbances = new Disturbances();
  /** When somebody outside had fetched, and no refusal can have told the fleet yet. */
  readonly foreign: Disturbances = new Disturbances();
  /** Nodes that the platform refuses for good: their AppSecret is not the present one, or their address is not on its list. */
  readonly bars: Disturbances = new Disturbances();
  readonly #scene: Scene;
  readonly #documents: DocumentAudit;
  readonly #fetches: FetchAudit;

  constructor(scene: Scene, documents: DocumentAudit, fetches: FetchAudit) {
    this.#scene = scene;
    this.#documents = documents;
    this.#fetches = fetches;
  }

  /** Something that may make a second fetch of a generation necessary happened to this node, or to all. */
  disturbed(who: string | undefined, forMs = 0): void {
    const { nowMs } = this.#scene.world;
    this.disturbances.add(who, nowMs, nowMs + forMs);
  }

  excused(who: string | undefined, forMs: number): void {
    const { nowMs } = this.#scene.world;
    this.excuses.add(who, nowMs, nowMs + forMs);
  }

  barred(who: string, forMs: number): void {
    const { nowMs } = this.#scene.world;
    this.bars.add(who, nowMs, nowMs + forMs);
  }

  hindered(fromMs: number, forMs: number): void {
    this.hindrances.add(undefined, fromMs, fromMs + forMs);
  }

  /**
   * Whether the fleet could not have had a live credential in time: the platform or the store were out, or failed at one attempt after the other.
   * Between a replacement and its use a process that stands still can miss the next replacement; nobody can help that.
   */
  isExcused(node: FleetNode, life: Life, how: How, since: Moment): boolean {
    const { nowMs } = this.#scene.world;
    const sinceMs = since.trueMs;
    if (this.#fetches.isSpent(nowMs)) return true;
    if (this.isHelpless(node, sinceMs) || (how === "reject" && this.isUnheard(node, life))) return true;
    const stoodStill = nowMs - sinceMs > life.process.awakeMs - since.awakeMs;
    if (how === "replay" && this.foreign.touch(node.name, sinceMs, nowMs)) return true;
    if (stoodStill && (how === "replay" || how === "probed")) return true;
    // A process that has never reached the store waits for it for three seconds only.
    const patience = life.served.length === 0 ? 1 : 2;
    return this.hindrances.count(sinceMs - leaseMs, nowMs) >= patience;
  }

  /** Whether there has been nothing that this node, or its fleet, could do. */
  isHelpless(node: FleetNode, sinceMs: number): boolean {
    return this.excuses.touch(node.name, sinceMs - 30_000, this.#scene.world.nowMs) || this.#isForsaken(node, sinceMs);
  }

  /** Whether the error itself names what nobody could have helped. */
  isExplained(node: FleetNode, error: unknown, sinceMs: number): boolean {
    if (!(error instanceof Error)) return false;
    const { nowMs } = this.#scene.world;
    const reason = "reason" in error ? error.reason : undefined;
    if (reason === "governor") return true;
    // The fleet backs off as one from a platform that did not answer, and from trouble that was there before.
    if (reason === "cool") return this.hindrances.count(sinceMs - backOffMaxMs - leaseMs, nowMs) >= 2;
    // An owner that the platform refuses for good says so at once, with the platform's code: it does not wait for another to fetch.
    const isFatal = error.cause instanceof IssueError && error.cause.outcome === "fatal";
    return isFatal && this.bars.touch(node.name, sinceMs, nowMs);
  }

  /** A consumer whose report of a refusal its owners find at their next reading only: the store tells nobody of it. */
  isUnheard(node: FleetNode, life: Life): boolean {
    return node.role === "consumer" && !life.cache.pushesChanges;
  }

  /**
   * A consumer can but wait where the owners have not noticed yet what the store forgot. Like an owner that the platform refuses for good, it also
   * waits where all others are refused too, died, slept or were cut off.
   */
  #isForsaken(node: FleetNode, sinceMs: number): boolean {
    const { nodes, world } = this.#scene;
    const touches = (spells: Disturbances, { name }: FleetNode): boolean => spells.touch(name, sinceMs - 30_000, world.nowMs);
    if (node.role === "owner" && !touches(this.bars, node)) return false;
    if (node.role === "consumer" && world.nowMs - this.#documents.keptSinceMs < repairedWithinMs) return true;
    const owners = nodes().filter((each) => each !== node && each.role === "owner");
    return owners.every((owner) => touches(this.bars, owner) || touches(this.disturbances, owner));
  }
}
