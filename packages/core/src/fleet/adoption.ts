/**
 * Brings the store's document and this process's copy together: adopts what is newer, and writes
 * back what the store lost.
 */
import { isOlder, lostDoubtMs, type RepairVerdict } from "../state/repair.ts";
import { isDead, type StoredCredential, type State } from "../state/state.ts";
import type { FleetDocument, Snapshot } from "./document.ts";
import type { CachedCredential } from "./cached-credential.ts";
import type { Context } from "./context.ts";
import type { LocalCopy } from "./local-copy.ts";
import type { StoreClock } from "./store-clock.ts";
import { windowsOf } from "./renewal-windows.ts";

/** The parts of a node that an adoption changes, or decides by. */
interface AdoptingNode {
  readonly context: Context;
  readonly storeClock: StoreClock;
  readonly local: LocalCopy;
}

export class Adoption {
  readonly #node: AdoptingNode;
  #repairing = false;

  constructor(node: AdoptingNode) {
    this.#node = node;
  }

  /**
   * Adopts the snapshot's credential unless this process knows a newer one. Starts a repair when
   * the store fell back.
   */
  adoptNewer(snapshot: Snapshot, document: FleetDocument): void {
    const { state } = snapshot;
    const stored = state?.credential;
    const local = this.#node.local;
    // The times of the cached credential are this node's, not the store's. Only its own document
    // has the same. Where the fleet has no other one, it stays in use until a refresh stores one.
    const isUndated = local.cached?.hasStoreTime === false && state !== local.state;
    if (isUndated && stored !== undefined) local.forget();
    if (state === undefined || stored === undefined) {
      const isReset = state !== undefined && state.minEpoch >= (local.cached?.stored.epoch ?? 0);
      // What is not stored yet was issued meanwhile, and nobody has forgotten it.
      if (isReset && local.cached?.isUnstored !== true) return local.dismiss(state);
      if (state !== undefined && (isReset || !local.isUsable)) local.updateState(state);
      if (local.isUsable && !isUndated) void this.#repair(snapshot, document);
      return;
    }
    if (local.cached?.stored.fingerprint === stored.fingerprint) {
      if (!this.#mustDoubtAgain(state)) return local.adopt(state, stored);
      void this.#repair(snapshot, document);
      return;
    }
    // This process was issued a later one, which it is about to store. Adopting this one meanwhile
    // would go back and forth.
    if (local.isUsable && local.cached?.isUnstored && stored.epoch < local.cached.stored.epoch)
      return;
    if (this.isOutdated(stored)) {
      if (local.isUsable) void this.#repair(snapshot, document);
      return;
    }
    // It was refused, here or elsewhere. Whoever sent it would lose a call.
    if (local.wasRefused(stored.fingerprint) || isDead(state) || this.isPastDeadline(stored))
      return local.updateState(state);
    this.#adopt(state, stored);
  }

  /**
   * Returns true when the store lost the doubt about the cached credential. A dead one is replaced
   * anyway. A doubt of this process alone is stored with the report of its outcome.
   */
  #mustDoubtAgain(state: State): boolean {
    const local = this.#node.local;
    const commitId = local.cached?.stored.commitId;
    if (commitId === undefined || local.state === undefined || local.continued !== undefined)
      return false;
    const lostMs = lostDoubtMs(state, local.state, commitId);
    return lostMs !== undefined && local.isUsable && !isDead(state);
  }

  #adopt(state: State, stored: StoredCredential): void {
    const nowMs = this.#node.storeClock.nowMs();
    this.#node.local.adopt(state, stored);
    this.#node.context.bus.emit("adopted", {
      ...labelOf(stored),
      remainingMs: stored.expiresAtMs - nowMs,
      byNode: stored.by.node,
      byEnvironment: stored.by.environment,
      reason: stored.by.reason,
      lagMs: Math.max(0, nowMs - stored.issuedAtMs),
    });
  }

  /**
   * Returns true when this process knows that this one was replaced: it saw the replacement, or has
   * one that is clearly newer.
   */
  isOutdated(stored: StoredCredential): boolean {
    const own = this.#node.local.cached?.stored;
    return (
      (this.#node.local.wasReplaced(stored.fingerprint) && !this.#node.local.wasReissued(stored)) ||
      (own !== undefined && isOlder(stored, own))
    );
  }

  /** Returns true when it is too close to its end to be handed out. */
  isPastDeadline(stored: StoredCredential): boolean {
    return (
      this.#node.storeClock.nowMs() >=
      windowsOf(stored, this.#node.context.issuer.policy, this.#node.context.parameters).hardAtMs
    );
  }

  /** Never throws: a repair that fails is tried again at the next reading. */
  async #repair(snapshot: Snapshot, document: FleetDocument): Promise<void> {
    const { bus } = this.#node.context;
    const cached = this.#node.local.cached;
    if (this.#repairing || cached === undefined) return;
    this.#repairing = true;
    try {
      const kind = await this.#writeBack(document, cached, { from: snapshot });
      if (kind !== "repaired") return;
      bus.emit("store-regressed", {
        ...labelOf(cached.stored),
        storedGeneration: snapshot.state?.credential?.generation,
      });
      this.#reportRepaired(cached);
    } catch {
      // The document has reported why.
    } finally {
      this.#repairing = false;
    }
  }

  /**
   * Writes this process's credential over the one that it replaced. Also closes the open request
   * `operationId`, which issued one of the two. Resolves to false if there is nothing to write, or
   * if the store holds something else.
   *
   * @throws what the store throws.
   */
  async restore(document: FleetDocument, operationId: string): Promise<boolean> {
    const cached = this.#node.local.isUsable ? this.#node.local.cached : undefined;
    if (cached === undefined) return false;
    const kind = await this.#writeBack(document, cached, { operationId });
    if (kind === "repaired") this.#reportRepaired(cached);
    return kind === "repaired" || kind === "reported";
  }

  async #writeBack(
    document: FleetDocument,
    cached: CachedCredential,
    { from, operationId }: { readonly from?: Snapshot; readonly operationId?: string },
  ): Promise<RepairVerdict["kind"] | undefined> {
    const local = this.#node.local;
    if (local.state === undefined) return undefined;
    const event = {
      type: "repair",
      outcomeId: this.#node.context.random.id(),
      known: { ...local.state, credential: cached.stored },
      replaced: local.replaced,
      ...(operationId !== undefined && { operationId }),
      ...(local.continued && { continued: local.continued }),
    } as const;
    const applied = await document.apply(event, {
      ...(from && { from }),
      onlyWhile: () => local.cached === cached,
    });
    if (applied === undefined) return undefined;
    const { snapshot, verdict } = applied;
    if (verdict.kind !== "kept" && snapshot.state !== undefined) local.updateState(snapshot.state);
    return verdict.kind;
  }

  #reportRepaired({ stored }: CachedCredential): void {
    this.#node.context.bus.emit("repaired", {
      ...labelOf(stored),
      remainingMs: stored.expiresAtMs - this.#node.storeClock.nowMs(),
    });
  }
}

export function labelOf(stored: StoredCredential): {
  generation: number;
  epoch: number;
  fingerprint: string;
} {
  return { generation: stored.generation, epoch: stored.epoch, fingerprint: stored.fingerprint };
}
