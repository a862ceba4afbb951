/**
 * Judges whether a token request was needed. A token that still lives long is not replaced unless
 * the platform has revoked it.
 */
import { repairedWithinMs, type SafetyExceptions, type AuditContext } from "./safety-exceptions.ts";
import type { DocumentAudit, Finding } from "./document-audit.ts";
import type { FaultLedger } from "./fault-ledger.ts";
import { nodeNameOf } from "../world/process.ts";
import { lifetimeMs, type Fetch } from "../platform/wechat.ts";

const advisoryMs = 900_000;
/** The longest drain of any node, and the age at which every node has forgotten a request. */
const drainMaxMs = 40_000;
const forgottenMs = 7_200_000;

export class NeedAudit {
  readonly #scene: AuditContext;
  readonly #exceptions: SafetyExceptions;
  readonly #faults: FaultLedger;
  /** The instants at which a live token was replaced because a caller reported it as refused. */
  #needless: readonly number[] = [];
  readonly #sent: Fetch[] = [];

  constructor(scene: AuditContext, exceptions: SafetyExceptions, faults: FaultLedger) {
    this.#scene = scene;
    this.#exceptions = exceptions;
    this.#faults = faults;
  }

  sent(fetch: Fetch, documents: Pick<DocumentAudit, "keptSinceMs" | "resets">): readonly Finding[] {
    const findings = [
      this.#early(fetch),
      this.#forgotten(fetch, documents),
      this.#believed(fetch),
      this.#reconciled(fetch, documents.keptSinceMs),
    ];
    this.#sent.push(fetch);
    return findings.filter((each) => each !== undefined);
  }

  /** Promise 1: a planned refresh does not replace a token before its time. */
  #early({ number, request: { current, reason } }: Fetch): Finding | undefined {
    const { wechat, world } = this.#scene;
    const leftMs =
      current === undefined ? 0 : wechat.expiresAtMs(current.secret.reveal()) - world.nowMs;
    if ((reason !== "advisory" && reason !== "mandatory") || leftMs <= advisoryMs + 60_000)
      return undefined;
    return {
      promise: "1",
      what: `request ${number} is a planned refresh of a token that lives ${Math.round(leftMs / 1000)} s longer`,
    };
  }

  /** I33: a node writes back a token that the store lost, so that no cold request follows. */
  #forgotten(
    { number, process, request: { current, reason } }: Fetch,
    { keptSinceMs, resets }: Pick<DocumentAudit, "keptSinceMs" | "resets">,
  ): Finding | undefined {
    const { nodes, wechat, world } = this.#scene;
    if (reason !== "cold" || current !== undefined || world.nowMs - keptSinceMs < repairedWithinMs)
      return undefined;
    const sender = nodes().find(({ name }) => name === nodeNameOf(process.name));
    // A node that does not reach the store has not found it empty.
    if (sender !== undefined && this.#faults.isCutOff(sender.name)) return undefined;
    const holder = nodes().find(({ environment, name, life }) => {
      const token = life?.served.at(-1);
      if (environment !== sender?.environment || life === undefined || token === undefined)
        return false;
      if (life.rejected.has(token) || resets.isForgotten(token) || !wechat.isAlive(token))
        return false;
      return (
        life.process.isAwake &&
        !this.#exceptions.disturbances.overlap(name, world.nowMs - repairedWithinMs, world.nowMs)
      );
    });
    if (holder === undefined) return undefined;
    return {
      promise: "I33",
      what: `request ${number} found an empty store, although ${holder.name} has had a live credential all the time`,
    };
  }

  /**
   * Promise 1: the only owner knows whether another request may have been processed after the one
   * that issued its token. If none may, it has nothing to reconcile.
   */
  #reconciled(
    { number, process, request: { current, reason } }: Fetch,
    keptSinceMs: number,
  ): Finding | undefined {
    const token = current?.secret.reveal();
    const origin = this.#sent.findLast((each) => each.token !== undefined && each.token === token);
    if (reason !== "reconcile" || origin === undefined) return undefined;
    const { sentAtMs } = origin;
    const owners = this.#scene.nodes().filter(({ role }) => role === "owner");
    const isKnown =
      owners.length === 1 &&
      keptSinceMs < sentAtMs &&
      this.#sent.every(
        (each) =>
          each === origin ||
          (each.process === process && each.sentAtMs + drainMaxMs <= sentAtMs) ||
          each.sentAtMs + forgottenMs <= sentAtMs,
      );
    const isDisturbed = this.#exceptions.disturbances.overlap(
      nodeNameOf(process.name),
      sentAtMs,
      this.#scene.world.nowMs,
    );
    // An answer that waited for the store outlived its lease. Until a drain later the owner cannot
    // know that nobody else sent a request.
    const outlivedLease = this.#faults.reachedAgain(
      nodeNameOf(process.name),
      sentAtMs - drainMaxMs,
      sentAtMs,
    );
    return !isKnown || isDisturbed || outlivedLease || origin.process !== process
      ? undefined
      : {
          promise: "1",
          what: `request ${number} reconciles the token of request ${origin.number}, although the only owner sent no other request that could be in flight`,
        };
  }

  /**
   * A2: reports alone replace at most one live token per lifetime.
   */
  #believed({
    number,
    process,
    request: { current, reason },
    sentAtMs,
  }: Fetch): Finding | undefined {
    if (
      reason !== "rejected" ||
      current === undefined ||
      !this.#scene.wechat.isAlive(current.secret.reveal())
    )
      return undefined;
    // While the platform cannot be asked, the report is the only evidence.
    if (this.#faults.isHit(nodeNameOf(process.name))) return undefined;
    this.#needless = [...this.#needless.filter((atMs) => atMs > sentAtMs - lifetimeMs), sentAtMs];
    const count = this.#needless.length;
    if (count < 2) return undefined;
    return {
      promise: "A2",
      what: `request ${number} of ${process.name} is number ${count} in a lifetime that replaces a live token`,
    };
  }
}
