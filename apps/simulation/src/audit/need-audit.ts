/**
 * Judges whether a token request was needed. A token that still lives long is not replaced unless
 * the platform has revoked it.
 */
import { repairedWithinMs, type Excuses, type AuditContext } from "./excuses.ts";
import type { DocumentAudit, Finding } from "./document-audit.ts";
import type { FaultLedger } from "./fault-ledger.ts";
import { nodeNameOf } from "../world/process.ts";
import { lifetimeMs, type Fetch } from "../platform/wechat.ts";

const advisoryMs = 900_000;
/** The longest drain of any node, and what every node has forgotten. */
const drainMaxMs = 40_000;
const forgottenMs = 7_200_000;

export class NeedAudit {
  readonly #scene: AuditContext;
  readonly #excuses: Excuses;
  readonly #faults: FaultLedger;
  /** The instants at which a live token was replaced because a caller reported it as refused. */
  #needless: readonly number[] = [];
  readonly #sent: Fetch[] = [];

  constructor(scene: AuditContext, excuses: Excuses, faults: FaultLedger) {
    this.#scene = scene;
    this.#excuses = excuses;
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

  /** I33: where the store lost a token, a node that still has it writes it back. */
  #forgotten(
    { number, process, request: { current, reason } }: Fetch,
    { keptSinceMs, resets }: Pick<DocumentAudit, "keptSinceMs" | "resets">,
  ): Finding | undefined {
    const { nodes, wechat, world } = this.#scene;
    if (reason !== "cold" || current !== undefined || world.nowMs - keptSinceMs < repairedWithinMs)
      return undefined;
    const sender = nodes().find(({ name }) => name === nodeNameOf(process.name));
    const holder = nodes().find(({ environment, name, life }) => {
      const token = life?.served.at(-1);
      if (environment !== sender?.environment || life === undefined || token === undefined)
        return false;
      if (life.rejected.has(token) || resets.isForgotten(token) || !wechat.isAlive(token))
        return false;
      return (
        life.process.isAwake &&
        !this.#excuses.disturbances.overlap(name, world.nowMs - repairedWithinMs, world.nowMs)
      );
    });
    if (holder === undefined) return undefined;
    return {
      promise: "I33",
      what: `request ${number} found an empty store, although ${holder.name} has had a live credential all the time`,
    };
  }

  /**
   * Promise 1: an owner that fetches for all knows whether another request can have been processed
   * after the one that brought its token. If none can, it has nothing to reconcile.
   */
  #reconciled(
    { number, process, request: { current, reason } }: Fetch,
    keptSinceMs: number,
  ): Finding | undefined {
    const token = current?.secret.reveal();
    const bringer = this.#sent.findLast((each) => each.token !== undefined && each.token === token);
    if (reason !== "reconcile" || bringer === undefined) return undefined;
    const { sentAtMs } = bringer;
    const owners = this.#scene.nodes().filter(({ role }) => role === "owner");
    const isKnown =
      owners.length === 1 &&
      keptSinceMs < sentAtMs &&
      this.#sent.every(
        (each) =>
          each === bringer ||
          (each.process === process && each.sentAtMs + drainMaxMs <= sentAtMs) ||
          each.sentAtMs + forgottenMs <= sentAtMs,
      );
    const isDisturbed = this.#excuses.disturbances.overlap(
      nodeNameOf(process.name),
      sentAtMs,
      this.#scene.world.nowMs,
    );
    return !isKnown || isDisturbed || bringer.process !== process
      ? undefined
      : {
          promise: "1",
          what: `request ${number} reconciles a token that request ${bringer.number} of the only owner brought, when nothing else was under way`,
        };
  }

  /**
   * A2: a report alone replaces no live token, except at most one in a lifetime.
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
    // Where the platform cannot be asked, the report is the only evidence.
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
