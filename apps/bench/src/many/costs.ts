/** Starts many credentials in this process, and measures what they cost. */
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

/** So many start at a time, as from a pool of workers. */
const atATime = 200;
/** By then every subscription stands and nothing is under way. */
const settleMs = 1_500;
/** The collector's own work between two readings of one heap. */
const steadyBytes = 16 * 1_024;

export interface Store {
  readonly cache: Cache;
  readonly lock: Lock;
  /** True when what is stored lies in this process, and is no memory of the credentials. */
  readonly isHere: boolean;
  /** How many subscriptions stand at the store. */
  subscriptions(): Promise<number>;
}

/** What the credentials of one process cost together, but `refreshMs`. */
export interface Costs {
  /** CPU until all were served and have subscribed. */
  readonly startMs: number;
  /** CPU of one refresh. */
  readonly refreshMs: number;
  readonly heapBytes: number;
  /** Timers and subscriptions at rest. */
  readonly timers: number;
  readonly subscriptions: number;
}

export interface Measured {
  readonly count: number;
  /** Names the credentials of this measurement. */
  readonly name: string;
  /** So many are measured, after a quarter of them that are not. */
  readonly refreshes: number;
  /**
   * The place in the list of ids at which this process begins, so that each process of a fleet
   * fetches a part of them and adopts the others.
   */
  readonly from?: number;
}

/** Starts credentials, refreshes some of them, and closes all. */
export async function costsOf(store: Store, measured: Measured): Promise<Costs> {
  const { name, refreshes } = measured;
  const beforeBytes = await heapUsed();
  // Full collections discard compiled code, and compiling belongs to no credential.
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

/** Refreshes one after another, from the first again behind the last. Returns the CPU of each. */
async function refreshSome(credentials: readonly Credential[], count: number): Promise<number> {
  const startedMs = cpuMs();
  for (let done = 0; done < count; done += 1)
    await credentials[done % credentials.length]?.refresh();
  return (cpuMs() - startedMs) / count;
}

/** The machine's clock, and the number of its timers that are set and have not fired. */
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

/** Of all threads of this process, the collector's included. */
function cpuMs(): number {
  const { system, user } = process.cpuUsage();
  return (system + user) / 1_000;
}

/** After full collections, until they free nothing more. */
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
