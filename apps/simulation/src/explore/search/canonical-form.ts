/**
 * Computes the same hash for situations that behave alike. Identifiers are renamed in the order of
 * their appearance. Credentials, epochs and instants keep only their order. Processes are
 * interchangeable. Differences that production never reads do not count.
 */
import { owedSinceMs, type StoredCredential, type State } from "@lingpai/core/internal/state";
import { storeNowMs, type Model } from "../model/model.ts";
import {
  dead,
  fingerprintOf,
  serialOf,
  type Attempt,
  type Process,
  type World,
} from "../model/world.ts";

const slotsMax = 2_048;
const none = -99;
/** The largest distance of epochs that counts, because no run can bridge a larger one. */
const epochGapMax = 6;
/** The reducer compares credentials by age only if they are more than a minute apart. */
const judgedByAgeMs = 60_000;

/** The positions of all values of one kind, which are then replaced by their ranks. */
class Ranked {
  readonly slots: number[] = [];
  readonly values: number[] = [];
}

export class CanonicalForm {
  readonly #model: Model;
  readonly #out: Int32Array = new Int32Array(slotsMax);
  #length = 0;
  readonly #names: Map<string, number> = new Map();
  readonly #serials: Ranked = new Ranked();
  readonly #epochs: Ranked = new Ranked();
  readonly #instants: Ranked = new Ranked();
  readonly #ages: Ranked = new Ranked();
  readonly #generations: Ranked = new Ranked();
  readonly #kinds: readonly Ranked[] = [
    this.#serials,
    this.#epochs,
    this.#instants,
    this.#ages,
    this.#generations,
  ];
  #now = 0;
  /** The two halves of the last hash. */
  low = 0;
  high = 0;

  constructor(model: Model) {
    this.#model = model;
  }

  /** Computes the hash of the world and leaves it in `low` and `high`. */
  digest(world: World): void {
    this.#length = 0;
    this.#names.clear();
    for (const ranked of this.#kinds) ranked.slots.length = ranked.values.length = 0;
    this.#now = storeNowMs(world, this.#model);
    this.#world(world);
    for (const ranked of [this.#serials, this.#ages, this.#generations]) this.#rank(ranked);
    this.#rankEpochs();
    this.#rankInstants();
    this.#hash();
  }

  #world(world: World): void {
    const { store, platform, left } = world;
    const { bounds } = this.#model;
    const live = liveSerials(world);
    this.#document(store.document);
    for (const { document, fence, version } of store.past) {
      this.#document(document);
      this.#epoch(fence);
      this.#name(`v${version}`);
    }
    this.#name(`v${store.version}`);
    this.#epoch(store.lock.fence);
    if (left.failovers > 0) this.#epoch(store.granted);
    this.#serial(platform.latest);
    this.#put((platform.isForeign ? 1 : 0) + (world.isBlind ? 2 : 0));
    if (bounds.failovers > 0 && left.crashes > 0)
      this.#put(Math.min(bounds.drainTicks, world.now - world.noticedAt));
    if (bounds.resets > 0) {
      this.#put(left.resets);
      this.#serial(world.forgotten);
    }
    this.#put(platform.orphans.length);
    for (const at of platform.orphans) this.#put(world.now - at);
    for (const [i, process] of inOrder(world)) {
      this.#put(store.lock.holder === i ? 1 : 0);
      this.#process(process, world, live);
    }
    this.#put(store.lock.holder === dead ? 1 : 0);
    this.#put(
      left.refreshes +
        8 * (left.sends + 8 * (left.expiries + 8 * (left.timeouts + 8 * left.refusals))),
    );
    this.#put(
      left.rejections +
        8 * (left.outages + 8 * (left.crashes + 8 * (left.failovers + 8 * left.foreign))),
    );
  }

  #document(state: State | undefined): void {
    if (state === undefined) return this.#put(none);
    this.#name(state.outcomeId);
    this.#cached(state.credential);
    this.#fingerprint(state.previous?.fingerprint);
    this.#fingerprint(state.suspect?.fingerprint);
    const { intent } = state;
    if (intent === undefined) this.#put(none);
    else {
      this.#name(intent.operationId);
      this.#epoch(intent.epoch);
      this.#instant(intent.atMs + this.#model.rules.drainMs);
    }
    this.#instant(state.inFlightUntilMs);
    this.#doubt(state);
    if (this.#model.bounds.resets > 0) this.#epoch(state.minEpoch);
  }

  #doubt({ doubtSinceMs }: State): void {
    if (doubtSinceMs === undefined) this.#put(none);
    else this.#instant(doubtSinceMs + this.#model.rules.drainMs);
  }

  #owed(known: State): void {
    const sinceMs = owedSinceMs(known);
    if (sinceMs === undefined) this.#put(none);
    else this.#instant(sinceMs + this.#model.rules.drainMs);
  }

  #cached(cached: StoredCredential | undefined): void {
    if (cached === undefined) return this.#put(none);
    this.#fingerprint(cached.fingerprint);
    this.#name(cached.commitId);
    this.#epoch(cached.epoch);
    if (this.#model.bounds.tickMs < judgedByAgeMs) return;
    this.#ranked(this.#ages, cached.sentAtMs);
    this.#ranked(this.#generations, cached.generation);
  }

  #process(process: Process, world: World, live: ReadonlySet<string>): void {
    const { cached, known, attempt, pending } = process;
    this.#cached(cached);
    if (!this.#model.protocol.compares) this.#document(known);
    else if (cached !== undefined && known !== undefined) {
      this.#fingerprint(known.previous?.fingerprint);
      this.#put(known.suspect?.fingerprint === cached.fingerprint ? 1 : 0);
      this.#instant(known.inFlightUntilMs);
      this.#doubt(known);
      this.#owed(known);
    } else this.#put(known?.doubtSinceMs === undefined ? 0 : 1);
    this.#fingerprint(process.wants);
    this.#fingerprints(process.replaced, live);
    this.#fingerprints(process.refused, live);
    this.#attempt(attempt, world);
    this.#attempt(pending, world);
  }

  #attempt(attempt: Attempt | undefined, world: World): void {
    if (attempt === undefined) return this.#put(none);
    const { goal, phase, intent } = attempt;
    this.#put(
      phases[phase] +
        8 *
          ((attempt.isHeld ? 1 : 0) + (attempt.isOvertaken ? 2 : 0) + (attempt.isRacing ? 4 : 0)) +
        64 * reasons[goal.reason],
    );
    this.#epoch(attempt.fence);
    if (phase === "leased") {
      this.#put(
        attempt.base === world.store.version
          ? 1
          : world.store.past.some(({ version }) => version === attempt.base)
            ? 2
            : 0,
      );
      if (attempt.base !== world.store.version) this.#name(`v${attempt.base}`);
    }
    if (phase === "leased" || goal.reason === "rejected") this.#fingerprint(goal.refused);
    if (phase === "leased" && goal.replaces !== undefined) this.#name(goal.replaces);
    if (intent === undefined) return this.#put(none);
    this.#name(attempt.operationId);
    this.#put(attempt.at <= world.noticedAt ? 1 : 0);
    this.#name(attempt.outcomeId);
    this.#epoch(intent.epoch);
    this.#instant(intent.atMs);
    this.#instant(intent.atMs + this.#model.rules.drainMs);
    this.#fingerprint(attempt.replaces?.fingerprint);
    this.#fingerprint(attempt.issued === undefined ? undefined : fingerprintOf(attempt.issued));
    if (attempt.issued === undefined && phase !== "failed") this.#put(world.now - attempt.at);
  }

  #fingerprints(list: readonly string[], live: ReadonlySet<string>): void {
    const kept = list.filter((fingerprint) => live.has(fingerprint)).map(serialOf);
    this.#put(kept.length);
    for (const serial of kept.toSorted((a, b) => a - b)) this.#serial(serial);
  }

  #put(value: number): void {
    this.#out[this.#length] = value;
    this.#length += 1;
  }

  /** Puts an identifier. The counter of a mutant keeps its value; a random one is renamed. */
  #name(id: string): void {
    if (id.startsWith("c")) return this.#put(1_000_000 + Number(id.slice(1)));
    const known = this.#names.get(id);
    if (known !== undefined) return this.#put(known);
    this.#names.set(id, this.#names.size);
    this.#put(this.#names.size - 1);
  }

  #fingerprint(fingerprint: string | undefined): void {
    if (fingerprint === undefined) this.#put(none);
    else this.#serial(serialOf(fingerprint));
  }

  #serial(serial: number): void {
    this.#ranked(this.#serials, serial);
  }

  #epoch(epoch: number): void {
    this.#ranked(this.#epochs, epoch);
  }

  #instant(atMs: number): void {
    this.#ranked(this.#instants, atMs - this.#now);
  }

  #ranked(ranked: Ranked, value: number): void {
    ranked.slots.push(this.#length);
    ranked.values.push(value);
    this.#put(value);
  }

  #rank({ slots, values }: Ranked): void {
    const order = distinct(values);
    for (let i = 0; i < slots.length; i += 1)
      this.#out[slots[i] ?? 0] = order.indexOf(values[i] ?? 0);
  }

  #rankEpochs(): void {
    const { slots, values } = this.#epochs;
    const order = distinct(values);
    const compressed: number[] = [];
    order.forEach((value, i) =>
      compressed.push(
        i === 0 ? 0 : (compressed[i - 1] ?? 0) + Math.min(epochGapMax, value - (order[i - 1] ?? 0)),
      ),
    );
    slots.forEach((slot, i) => (this.#out[slot] = compressed[order.indexOf(values[i] ?? 0)] ?? 0));
  }

  /** Ranks instants. Of past instants only the order matters. */
  #rankInstants(): void {
    const { slots, values } = this.#instants;
    const past = distinct(values.filter((value) => value <= 0));
    slots.forEach((slot, i) => {
      const value = values[i] ?? 0;
      this.#out[slot] = value > 0 ? value : past.indexOf(value) - past.length;
    });
  }

  #hash(): void {
    let low = 0x811c9dc5;
    let high = 0x2545f491;
    for (let i = 0; i < this.#length; i += 1) {
      const value = this.#out[i] ?? 0;
      low = Math.imul(low ^ value, 0x01000193);
      low ^= low >>> 15;
      high = Math.imul(high ^ (value + 0x9e3779b9), 0x85ebca6b);
      high ^= high >>> 13;
    }
    this.low = Math.imul(low ^ (low >>> 16), 0xc2b2ae35) >>> 0;
    this.high = Math.imul(high ^ (high >>> 16), 0x27d4eb2f) >>> 0;
  }
}

const phases = { leased: 1, "intent-written": 2, sent: 3, failed: 4 } as const;
const reasons = { cold: 0, advisory: 1, rejected: 2, reconcile: 3 } as const;

/** Returns the distinct values in ascending order, by insertion sort, because there are few. */
function distinct(values: readonly number[]): number[] {
  const order: number[] = [];
  for (const value of values) {
    let at = order.length;
    while (at > 0 && (order[at - 1] ?? 0) > value) at -= 1;
    if (at === 0 || order[at - 1] !== value) order.splice(at, 0, value);
  }
  return order;
}

/**
 * Returns the credentials that can still matter. A process may also remember others that no process
 * can restore.
 */
function liveSerials({ store, processes }: World): ReadonlySet<string> {
  const live = new Set<string>();
  const add = (fingerprint: string | undefined): void =>
    void (fingerprint !== undefined && live.add(fingerprint));
  for (const document of [store.document, ...store.past.map((point) => point.document)]) {
    add(document?.credential?.fingerprint);
    add(document?.previous?.fingerprint);
  }
  for (const { cached, known, attempt, pending, wants } of processes) {
    add(cached?.fingerprint);
    add(known?.previous?.fingerprint);
    add(wants);
    for (const each of [attempt, pending]) {
      add(each?.goal.refused);
      if (each?.issued !== undefined) add(`t${each.issued}`);
    }
  }
  return live;
}

/**
 * Orders the processes, mostly independently of their numbers. Where the order depends on them,
 * only a symmetry is missed.
 */
function inOrder({ processes }: World): readonly (readonly [number, Process])[] {
  return processes
    .map((process, i) => [i, process] as const)
    .sort(([, a], [, b]) => weight(b) - weight(a));
}

function weight({ cached, known, attempt, pending, wants, replaced, refused }: Process): number {
  const attemptWeight =
    attempt === undefined
      ? 0
      : phases[attempt.phase] * 4096 +
        (attempt.isHeld ? 2048 : 0) +
        (attempt.issued ?? 0) * 65_536 +
        attempt.fence * 1_048_576;
  const holds = cached === undefined ? 0 : serialOf(cached.fingerprint);
  return (
    attemptWeight +
    holds * 64 +
    (pending === undefined ? 0 : 32) +
    (wants === undefined ? 0 : 16) +
    (known?.doubtSinceMs === undefined ? 0 : 8) +
    replaced.length * 2 +
    refused.length
  );
}
