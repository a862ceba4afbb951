/** A backend for each mutant. It is correct in everything that the mutant does not change. */
import { LockUnsupportedError, type Cache, type Clock, type Lock } from "@lingpai/core";
import {
  createCache,
  createLock,
  nameOf,
  scopeOf,
  type CacheDriver,
  type LockDriver,
} from "@lingpai/core/driver";
import { manualClock, type ManualClock } from "@lingpai/core/testing";
import type {
  Backend,
  Client,
  ClusterControls,
  ConnectOptions,
  Core,
  Fixture,
  LinkedClient,
  Raw,
  ServerControls,
} from "../../backend.ts";
import { inProcess, type Facts, type Refusal } from "../../facts.ts";
import { soundCore } from "../../trial/trial.ts";
import {
  SimulatedClient,
  simulatedCacheDriver,
  simulatedLockDriver,
  soundHabits,
  type DriverShape,
  type Habits,
} from "./simulated-client.ts";
import { SimulatedLink } from "./simulated-link.ts";
import { SimulatedServer, slotOf } from "./simulated-server.ts";
import {
  soundLayout,
  storeRules,
  type Item,
  type Layout,
  type StoreRules,
} from "./simulated-store.ts";

/** The parts that a mutant replaces. All others are correct. */
export interface Change {
  readonly facts?: Partial<Facts>;
  readonly layout?: Partial<Layout>;
  readonly rules?: (sound: StoreRules) => Partial<StoreRules>;
  readonly habits?: (sound: typeof soundHabits) => Partial<Habits>;
  readonly driver?: (sound: CacheDriver, client: DriverShape, clock: Clock) => Partial<CacheDriver>;
  readonly lockDriver?: (
    sound: LockDriver,
    client: DriverShape,
    clock: Clock,
  ) => Partial<LockDriver>;
  /** Replaces the objects that the caller gets, so that core's own checks can be left out. */
  readonly cache?: (sound: Cache, client: DriverShape) => Cache;
  readonly lock?: (sound: Lock, client: DriverShape) => Lock;
  readonly core?: (sound: Core) => Partial<Core>;
  readonly closesClient?: true;
  /** The deadline of clients whose link can be broken, in ms. @defaultValue 100 */
  readonly linkedDeadlineMs?: number;
  /** Changes the data that survives a restart of the server. */
  readonly restartLoses?: (item: Item) => boolean;
  readonly asksForClass?: true;
  readonly demandFencing?: () => unknown;
}

const refusals: readonly Refusal[] = [
  {
    answer: "READONLY You can't write against a read only replica.",
    code: "CACHE_UNAVAILABLE",
    reason: "readonly",
    retryable: true,
  },
  {
    answer: "LOADING the dataset is loading",
    code: "CACHE_UNAVAILABLE",
    reason: "loading",
    retryable: true,
  },
  {
    answer: "CLUSTERDOWN the cluster is down",
    code: "CACHE_UNAVAILABLE",
    reason: "cluster-down",
    retryable: true,
  },
  {
    answer: "OOM command not allowed",
    code: "CACHE_UNAVAILABLE",
    reason: "out-of-memory",
    retryable: true,
  },
  {
    answer: "NOAUTH Authentication required.",
    code: "CACHE_UNAVAILABLE",
    reason: "unauthorized",
    retryable: false,
  },
  { answer: "ERR something else", code: "CACHE_UNAVAILABLE", reason: "other", retryable: true },
  {
    answer: "WRONGTYPE Operation against a key holding the wrong kind of value",
    code: "UNREADABLE_ENTRY",
    reason: "type",
    retryable: false,
  },
];

/**
 * The facts of a backend with every capability: a cluster with persistence, push, scripts and
 * users.
 */
export const simulatedFacts: Facts = {
  ...inProcess,
  persistence: "server",
  sharedBetweenProcesses: true,
  foreignWriters: true,
  clientPrefixes: true,
  linked: true,
  scripted: true,
  accessControlled: true,
  restartable: true,
  replicated: true,
  cluster: true,
  refusals,
};

/** The facts of a backend with the fewest capabilities. */
export const standaloneFacts: Partial<Facts> = {
  pushesChanges: false,
  pushesReleases: false,
  persistence: "client",
  foreignWriters: false,
  clientPrefixes: false,
  scripted: false,
  accessControlled: false,
  replicated: false,
  cluster: false,
  refusals: [],
};

export function simulatedBackend(change: Change = {}, name = "sound"): Backend {
  const facts = { ...simulatedFacts, ...change.facts };
  return {
    adapter: "simulated",
    backend: name,
    facts,
    start: async () => ({ open: async () => openFixture(change, facts), stop: async () => {} }),
  };
}

export function openFixture(
  change: Change,
  facts: Facts,
  clock: ManualClock = manualClock(),
): Fixture {
  const server = new SimulatedServer(clock, facts.cluster ? 3 : 1);
  const sound = storeRules({ ...soundLayout, ...change.layout });
  const rules = { ...sound, ...change.rules?.(sound) };
  const world: World = { change, facts, server, rules, clock };
  const first = newClient(world);
  const { core } = change;
  return {
    ...first.client,
    clock,
    elapse: (ms) => clock.advance(ms),
    second: async ({ clockShiftMs = 0 } = {}) =>
      newClient(world, { clock: shifted(clock, clockShiftMs) }).client,
    again: async () => ({ ...viewsOf(world, first.driver, clock), close: async () => {} }),
    ...(core && { core: { ...soundCore, ...core(soundCore) } }),
    ...(facts.locks && !facts.fencing && { demandFencing: async () => demandFencing(change) }),
    ...(facts.clientPrefixes && {
      prefixed: async (keyPrefix: string) => newClient(world, { keyPrefix }).client,
    }),
    ...(facts.foreignWriters && { raw: rawOf(world) }),
    ...(facts.linked && { connect: async (options) => linked(world, options) }),
    server: serverControls(world),
    ...(facts.cluster && { cluster: clusterControls(world) }),
  };
}

export interface World {
  readonly change: Change;
  readonly facts: Facts;
  readonly server: SimulatedServer;
  readonly rules: StoreRules;
  readonly clock: ManualClock;
}

interface NewClient {
  readonly client: Client;
  readonly driver: SimulatedClient;
}

function newClient(
  world: World,
  options: Partial<Pick<Habits, "keyPrefix" | "user" | "deadlineMs">> & {
    readonly clock?: Clock;
    readonly initially?: "up" | "down";
  } = {},
): NewClient {
  const { clock = world.clock, initially = "up", ...habits } = options;
  const link = new SimulatedLink(world.server, initially);
  const driver = new SimulatedClient(world.server, link, {
    ...soundHabits,
    rules: world.rules,
    ...habits,
    ...world.change.habits?.(soundHabits),
  });
  const views = viewsOf(world, driver, clock);
  const close = async (): Promise<void> => {
    await views.cache.close();
    await driver.close();
  };
  return { client: { ...views, close }, driver };
}

/** A cache and a lock over one client object, or the mutant's replacements. */
function viewsOf(
  { change, facts, clock: worldClock }: World,
  driver: DriverShape,
  clock: Clock,
): Pick<Client, "cache" | "lock"> {
  if (change.asksForClass && !(driver instanceof SimulatedClient))
    throw new TypeError("This is no SimulatedClient.");
  const { deadlineMs } = driver.habits;
  const soundDriver = simulatedCacheDriver(driver);
  const cacheDriver: CacheDriver = {
    ...soundDriver,
    ...change.driver?.(soundDriver, driver, clock),
  };
  if (change.closesClient) cacheDriver.close = () => driver.link.cut();
  if (!facts.pushesChanges) delete cacheDriver.watch;
  const soundLock = simulatedLockDriver(driver);
  const lockDriver: LockDriver = { ...soundLock, ...change.lockDriver?.(soundLock, driver, clock) };
  if (!facts.pushesReleases) delete lockDriver.onRelease;
  const cache = createCache(cacheDriver, { clock: worldClock, deadlineMs });
  const lock = createLock(lockDriver, { clock: worldClock, deadlineMs });
  return {
    cache: change.cache?.(cache, driver) ?? cache,
    ...(facts.locks && { lock: change.lock?.(lock, driver) ?? lock }),
  };
}

function shifted(clock: Clock, byMs: number): Clock {
  return {
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => clock.wallMs() + byMs,
    setTimer: (delayMs, fire, options) => clock.setTimer(delayMs, fire, options),
  };
}

function linked(
  world: World,
  { initially = "up", deadlineMs = world.change.linkedDeadlineMs ?? 100 }: ConnectOptions = {},
): LinkedClient {
  const { client, driver } = newClient(world, {
    deadlineMs,
    initially: initially === "down" ? "down" : "up",
  });
  return { ...client, deadlineMs, link: driver.link, census: async () => driver.census };
}

function rawOf({ server }: World): Raw {
  const layout = soundLayout;
  const dataOf = (key: string): Map<string, Item> => server.shard(server.ownerOf(key)).data;
  const put = (key: string, content: string): void =>
    void dataOf(key).set(key, { kind: "foreign", content, expiresAtMs: Infinity });
  const decoder = new TextDecoder();
  const changes = (path: readonly string[]): string => layout.changes(scopeOf(path));
  return {
    entry: (path, key) => nameOf(path, key),
    lock: (path, name) => layout.lock(nameOf(path, name)),
    fence: (path, name) => layout.fence(nameOf(path, name)),
    async peek(key) {
      const item = dataOf(key).get(key);
      return item === undefined
        ? undefined
        : JSON.stringify({ ...item, expiresAtMs: String(item.expiresAtMs) });
    },
    poke: async (key, bytes) => put(key, decoder.decode(bytes)),
    remove: async (key) => void dataOf(key).delete(key),
    foreign: [
      { title: "a list", put: async (key) => put(key, "[list]") },
      { title: "an entry of another layout", put: async (key) => put(key, "v2:entry") },
    ],
    channel: {
      publish: async (path, ...payloads) => {
        for (const payload of payloads) server.publish(changes(path), decoder.decode(payload));
      },
      async overhear(path) {
        const messages: string[] = [];
        const leave = server.subscribe(changes(path), (message) => messages.push(message));
        return { messages, stop: async () => leave() };
      },
    },
  };
}

function serverControls(world: World): ServerControls {
  const { server, facts } = world;
  const limitedTo = async (path: readonly string[]): Promise<Client> =>
    newClient(world, { user: { keyPrefix: scopeOf(path).slice(0, -1) } }).client;
  const forbidding = async (): Promise<Client & { readonly command: string }> => ({
    ...newClient(world, { user: { keyPrefix: "", forbidden: "set" } }).client,
    command: "set",
  });
  return {
    ...(facts.scripted && { forgetScripts: async () => server.forgetScripts() }),
    ...(facts.restartable && {
      restart: () =>
        server.restart(world.change.restartLoses ?? (() => facts.persistence !== "server")),
    }),
    ...(facts.replicated && {
      failOver: (path: readonly string[], name: string) => server.failOver(nameOf(path, name)),
    }),
    ...(facts.accessControlled && { limitedTo, forbidding }),
  };
}

function clusterControls(world: World): ClusterControls {
  const {
    server,
    rules: { layout },
    change,
  } = world;
  const place = change.habits?.(soundHabits).place ?? soundHabits.place;
  return {
    slot: slotOf,
    placesOf(path, name) {
      const physical = place(nameOf(path, name));
      return [physical, layout.lock(physical), layout.fence(physical)];
    },
    beginMove: async (path, name) => server.beginMove(nameOf(path, name)),
    endMove: async (path, name) => server.endMove(nameOf(path, name)),
    replicaReads: async () => server.replicaReads,
    lookalike: async () => lookalike(world),
  };
}

/**
 * Copies the driver's members to an object without a class, as another copy of the package would
 * have them.
 */
async function lookalike(world: World): Promise<Client> {
  const { driver, client } = newClient(world);
  const { habits, link, subscriber, leaks, clock } = driver;
  const copy: DriverShape = {
    habits,
    link,
    subscriber,
    leaks,
    clock,
    send: (...request) => driver.send(...request),
    request: (...request) => driver.request(...request),
    primaries: () => driver.primaries(),
  };
  return { ...viewsOf(world, copy, world.clock), close: client.close };
}

async function demandFencing({ demandFencing: broken }: Change): Promise<unknown> {
  if (broken) return broken();
  throw new LockUnsupportedError("This store has no fences. Use one that has.");
}
