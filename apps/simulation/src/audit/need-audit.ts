/**
 * Judges whether a request was needed at all: nothing that has its life before it is replaced,
 * unless the platform has given it up.
 */
import { repairedWithinMs, type Circumstances, type Scene } from "./excuses.ts";
import type { Finding } from "./document-audit.ts";
import type { FaultLedger } from "./fault-ledger.ts";
import { nodeNameOf } from "../world/process.ts";
import { lifetimeMs, type Fetch } from "../platform/wechat.ts";

const advisoryMs = 900_000;

export class NeedAudit {
  readonly #scene: Scene;
  readonly #circumstances: Circumstances;
  readonly #faults: FaultLedger;
  /** When what the platform honoured was replaced because it was said to be refused. */
  #needless: readonly number[] = [];

  constructor(scene: Scene, circumstances: Circumstances, faults: FaultLedger) {
    this.#scene = scene;
    this.#circumstances = circumstances;
    this.#faults = faults;
  }

  /** @param keptSinceMs since when the store has kept all its writes. */
  sent(fetch: Fetch, keptSinceMs: number): readonly Finding[] {
    return [this.#early(fetch), this.#forgotten(fetch, keptSinceMs), this.#believed(fetch)].filter(
      (each) => each !== undefined,
    );
  }

  /** Promise 1: nothing is replaced by plan before its time. */
  #early({ number, request: { current, reason } }: Fetch): Finding | undefined {
    const { wechat, world } = this.#scene;
    const leftMs =
      current === undefined ? 0 : wechat.expiresAtMs(current.secret.reveal()) - world.nowMs;
    if ((reason !== "advisory" && reason !== "mandatory") || leftMs <= advisoryMs + 60_000)
      return undefined;
    return {
      promise: "1",
      what: `request ${number} replaces by plan what lives ${Math.round(leftMs / 1000)} s longer`,
    };
  }

  /** I33: what some node still holds is written back, where the store forgot it. */
  #forgotten(
    { number, process, request: { current, reason } }: Fetch,
    keptSinceMs: number,
  ): Finding | undefined {
    const { nodes, wechat, world } = this.#scene;
    if (reason !== "cold" || current !== undefined || world.nowMs - keptSinceMs < repairedWithinMs)
      return undefined;
    const sender = nodes().find(({ name }) => name === nodeNameOf(process.name));
    const holder = nodes().find(({ environment, name, life }) => {
      const token = life?.served.at(-1);
      if (environment !== sender?.environment || life === undefined || token === undefined)
        return false;
      if (life.rejected.has(token) || !wechat.isAlive(token)) return false;
      return (
        life.process.isAwake &&
        !this.#circumstances.disturbances.touch(name, world.nowMs - repairedWithinMs, world.nowMs)
      );
    });
    if (holder === undefined) return undefined;
    return {
      promise: "I33",
      what: `request ${number} finds an empty store, and ${holder.name} has held a live credential all the time`,
    };
  }

  /**
   * A complaint alone replaces nothing: at most one live credential in a lifetime is, because
   * somebody said that it was refused.
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
    // Where the platform cannot be asked, the complaint is all that there is.
    if (this.#faults.isHit(nodeNameOf(process.name))) return undefined;
    this.#needless = [...this.#needless.filter((atMs) => atMs > sentAtMs - lifetimeMs), sentAtMs];
    const count = this.#needless.length;
    if (count < 2) return undefined;
    return {
      promise: "A2",
      what: `request ${number} of ${process.name} is number ${count} in a lifetime that replaces what the platform honours`,
    };
  }
}
