/**
 * Brings the store's document and this process's knowledge together: adopt what is newer, write
 * back what was lost.
 */
import { isOlder } from "../state/repair.ts";
import { isDead, type Held, type State } from "../state/state.ts";
import type { FleetDocument, Snapshot } from "./document.ts";
import type { Local } from "./local.ts";
import type { Setting } from "./context.ts";
import type { StoreClock } from "./store-clock.ts";
import { windowsOf } from "./windows.ts";

export class Adoption {
  readonly #setting: Setting;
  readonly #clock: StoreClock;
  readonly #local: Local;
  #repairing = false;

  constructor(setting: Setting, clock: StoreClock, local: Local) {
    this.#setting = setting;
    this.#clock = clock;
    this.#local = local;
  }

  /**
   * Takes over what the snapshot holds, where this process has not seen better. Starts a repair
   * where the store fell back.
   */
  take(snapshot: Snapshot, document: FleetDocument): void {
    const { state } = snapshot;
    const held = state?.credential;
    const local = this.#local;
    // Unless it is this process's own copy: its times are this node's, too.
    if (local.holding?.isAnchored === false && state !== local.state) local.forget();
    if (state === undefined || held === undefined) {
      const isReset = state !== undefined && state.floorEpoch >= (local.holding?.held.epoch ?? 0);
      if (state !== undefined && (isReset || !local.isUsable)) local.note(state);
      if (local.isUsable) void this.#repair(snapshot, document);
      return;
    }
    if (local.holding?.held.fingerprint === held.fingerprint) return local.adopt(state, held);
    // What this process was issued after it is about to be stored: to take this one meanwhile would
    // be to go back and forth.
    if (local.isUsable && local.holding?.isUnstored && held.epoch < local.holding.held.epoch)
      return;
    if (this.isOutdated(held)) {
      if (local.isUsable) void this.#repair(snapshot, document);
      return;
    }
    // Refused here or, as the document says, elsewhere: handed out it would cost a call.
    if (local.wasRefused(held.fingerprint) || isDead(state) || this.isOver(held))
      return local.note(state);
    this.#adopt(state, held);
  }

  #adopt(state: State, held: Held): void {
    const nowMs = this.#clock.nowMs();
    this.#local.adopt(state, held);
    this.#setting.bus.emit("adopted", {
      ...labelOf(held),
      remainingMs: held.expiresAtMs - nowMs,
      byNode: held.by.node,
      byEnvironment: held.by.environment,
      reason: held.by.reason,
      lagMs: Math.max(0, nowMs - held.issuedAtMs),
    });
  }

  /**
   * Whether this process knows that this one was replaced: it saw it happen, or holds one that is
   * clearly newer.
   */
  isOutdated(held: Held): boolean {
    const own = this.#local.holding?.held;
    return this.#local.wasReplaced(held.fingerprint) || (own !== undefined && isOlder(held, own));
  }

  /** Whether it is too close to its end to be handed out. */
  isOver(held: Held): boolean {
    return (
      this.#clock.nowMs() >=
      windowsOf(held, this.#setting.issuer.policy, this.#setting.parameters).hardAtMs
    );
  }

  /** Never throws: a repair that fails is tried again at the next reading. */
  async #repair(snapshot: Snapshot, document: FleetDocument): Promise<void> {
    const { bus, random } = this.#setting;
    const holding = this.#local.holding;
    const known = this.#local.state;
    if (this.#repairing || holding === undefined || known === undefined) return;
    this.#repairing = true;
    try {
      const event = {
        type: "repair",
        outcomeId: random.id(),
        known: { ...known, credential: holding.held },
      } as const;
      const applied = await document.apply(event, {
        from: snapshot,
        onlyWhile: () => this.#local.holding === holding,
      });
      if (applied?.verdict.kind !== "repaired") return;
      bus.emit("store-regressed", {
        ...labelOf(holding.held),
        storedGeneration: snapshot.state?.credential?.generation,
      });
      bus.emit("repaired", {
        ...labelOf(holding.held),
        remainingMs: holding.held.expiresAtMs - this.#clock.nowMs(),
      });
      if (applied.snapshot.state !== undefined) this.#local.note(applied.snapshot.state);
    } catch {
      // The document has reported why.
    } finally {
      this.#repairing = false;
    }
  }
}

export function labelOf(held: Held): { generation: number; epoch: number; fingerprint: string } {
  return { generation: held.generation, epoch: held.epoch, fingerprint: held.fingerprint };
}
