/** Starts many credentials in this process, and measures their costs. */
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  credential,
  delay,
  systemClock,
  systemRandom,
  type Cache,
  type Clock,
  type Credential,
  type IssuePolicy,
  type Lock,
} from "@lingpai/core";

/** The number that starts at a time, as from a pool of workers. */
const atATime = 200;
/** By then every subscription is active and nothing is in flight. */
const settleMs = 1_500;
/** The time that the garbage collector needs between two readings of one heap. */
const steadyBytes = 16 * 1_024;

export interface Store {
  readonly cache: Cache;
  readonly lock: Lock;
  /** True when what is stored lies in this process, and is no memory of the credentials. */
  readonly isHere: boolean;
  /** The number of active subscriptions at the store. */
  subscriptions(): Promise<number>;
}

/** The costs of all credentials of one process together, except `refreshMs`. */
export interface Costs {
  /** CPU time until all were served and have subscribed. */
  readonly startMs: number;
  /** CPU time of one refresh. */
  readonly refreshMs: number;
  readonly heapBytes: number;
  /** Timers and subscriptions at rest. */
  readonly timers: number;
  readonly subscriptions: number;
}

export interface Measured {
  readonly count: number;
  /** The prefix of the credentials' names in this measurement. */
  readonly name: string;
  /**
   * The number of measured credentials. A quarter as many run before them unmeasured, as a warm-up.
   */
  readonly refreshes: number;
  /**
   * The index in the list of ids at which this process begins, so that each process of a fleet
   * fetches a part of them and adopts the others.
   */
  readonly from?: number;
}

/** Starts credentials, refreshes some of them, and closes all. */
export async function costsOf(store: Store, measured: Measured): Promise<Costs> {
  const { name, refreshes } = measured;
  const beforeBytes = await heapUsed();
  // Full collections discard compiled code, and recompiling would count as a credential's cost.
  await warmUp(store, `${name}:warm-up`, refreshes);
  const { heapBytes, ...costs } = await costsOfOpen(store, measured);
  const emptyBytes = store.isHere ? await heapUsed() : beforeBytes;
  return { ...costs, heapBytes: heapBytes - emptyBytes };
}

/** As {@link costsOf}, with the whole heap. Keeps none of the credentials. */
async function costsOfOpen(store: Store, measured: Measured): Promise<Costs> {
  const { count, name, refreshes, from = 0 } = measured;
  const counted = countingClock();
  const startedMs = cpuMs();
  const credentials = await start(
    store,
    counted.clock,
    count,
    (index) => `${name}:${(from + index) % count}`,
  );
  await delay(systemClock, settleMs);
  const startMs = cpuMs() - startedMs;
  const timers = counted.pending();
  const subscriptions = await store.subscriptions();
  const heapBytes = await heapUsed();
  await refreshSome(credentials, refreshes / 4);
  const refreshMs = await refreshSome(credentials, refreshes);
  await Promise.all(credentials.map((each) => each.close()));
  return { startMs, refreshMs, heapBytes, timers, subscriptions };
}

async function warmUp(store: Store, name: string, refreshes: number): Promise<void> {
  const credentials = await start(store, systemClock, refreshes, (index) => `${name}:${index}`);
  await delay(systemClock, settleMs);
  await refreshSome(credentials, refreshes);
  await Promise.all(credentials.map((each) => each.close()));
}

async function start(
  store: Store,
  clock: Clock,
  count: number,
  idOf: (index: number) => string,
): Promise<readonly Credential[]> {
  const credentials = Array.from({ length: count }, (_, index) =>
    credentialOf(store, clock, `many:${idOf(index)}`),
  );
  for (let first = 0; first < count; first += atATime)
    await Promise.all(credentials.slice(first, first + atATime).map((each) => each.get()));
  return credentials;
}

/**
 * Refreshes one credential after another, and starts again after the last. Returns the CPU time of
 * each refresh.
 */
async function refreshSome(credentials: readonly Credential[], count: number): Promise<number> {
  const startedMs = cpuMs();
  for (let done = 0; done < count; done += 1)
    await credentials[done % credentials.length]?.refresh();
  return (cpuMs() - startedMs) / count;
}

/** The machine's clock, which also counts the timers that have not fired yet. */
function countingClock(): { readonly clock: Clock; readonly pending: () => number } {
  const pending = new Set<object>();
  const setTimer: Clock["setTimer"] = (delayMs, fire, options) => {
    const timer = {};
    pending.add(timer);
    const end = (): void => void pending.delete(timer);
    const cancel = systemClock.setTimer(delayMs, () => (end(), fire()), options);
    return () => (end(), cancel());
  };
  return { clock: { ...systemClock, setTimer }, pending: () => pending.size };
}

const lifetimeMs = 7_200_000;
const policy: IssuePolicy = { kind: "supersede", overlapMs: 300_000 };

function credentialOf({ cache, lock }: Store, clock: Clock, id: string): Credential {
  return credential({
    issuer: {
      id,
      policy,
      lifetimeMs,
      issue: async () => ({ secret: systemRandom.id(), expiresInMs: lifetimeMs }),
    },
    cache,
    lock,
    clock,
    environment: "bench",
    node: "bench",
    parameters: { waitMs: 60_000 },
  });
}

/** The CPU time of all threads of this process, including the garbage collector. */
function cpuMs(): number {
  const { system, user } = process.cpuUsage();
  return (system + user) / 1_000;
}

/** The heap after full collections, repeated until they free nothing more. */
async function heapUsed(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let last = Number.POSITIVE_INFINITY; ;) {
    collect();
    await setImmediate();
    const used = process.memoryUsage().heapUsed;
    if (last - used < steadyBytes) return used;
    last = used;
  }
}
