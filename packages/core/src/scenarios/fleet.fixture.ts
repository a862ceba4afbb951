/** A fleet for tests: some nodes, one store, one platform, one clock. */
import type { Cache } from "../cache/cache.ts";
import {
  credential,
  type Credential,
  type CredentialEvent,
  type CredentialOptions,
  type Issued,
  type Issuer,
} from "../index.ts";
import {
  faultPlan,
  faultyCache,
  faultyLock,
  manualClock,
  scriptedIssuer,
  seededRandom,
  simulatedStore,
} from "../testing/index.ts";
import type {
  FaultPlan,
  ManualClock,
  ScriptedIssuer,
  ScriptedIssuerOptions,
  SimulatedStore,
} from "../testing/index.ts";
import type { State } from "../state/state.ts";

export interface Fleet {
  readonly clock: ManualClock;
  readonly store: SimulatedStore;
  readonly platform: ScriptedIssuer;
  /** Another process of the fleet. */
  node(options?: Partial<CredentialOptions>): Node;
  /** The stored document. */
  document(environment?: string): Promise<State | undefined>;
  write(state: State, environment?: string): Promise<void>;
  /** A cache client without faults. */
  readonly cache: Cache;
}

export interface Node extends Credential {
  readonly faults: FaultPlan;
  readonly events: CredentialEvent[];
  typesOf(): string[];
}

export function fleet(
  options: Partial<ScriptedIssuerOptions> & { pushesChanges?: boolean } = {},
): Fleet {
  const clock = manualClock();
  const random = seededRandom("fleet");
  const store = simulatedStore({ clock, random, pushesChanges: options.pushesChanges ?? true });
  const platform = scriptedIssuer({ clock, latencyMs: 200, ...options });
  const cache = store.cache();
  let nodes = 0;
  return {
    clock,
    store,
    platform,
    cache,
    node(overrides = {}) {
      nodes += 1;
      const faults = faultPlan({ clock });
      const node = credential({
        issuer: platform,
        cache: faultyCache(store.cache(), faults),
        lock: faultyLock(store.lock(), faults),
        environment: "production",
        node: `node-${nodes}`,
        clock,
        random: seededRandom(`node-${nodes}`),
        ...overrides,
      });
      const events: CredentialEvent[] = [];
      node.watch((event) => events.push(event));
      return Object.assign(node, { faults, events, typesOf: () => events.map(({ type }) => type) });
    },
    async document(environment = "production") {
      const entry = await cache.withPrefix(environment).get(platform.id);
      return entry && (JSON.parse(entry.value) as State);
    },
    async write(state, environment = "production") {
      await cache.withPrefix(environment).set(platform.id, JSON.stringify(state));
    },
  };
}

/** For parts of a credential that are tested without a platform. */
export const neverAsked: Issuer = {
  id: "test",
  policy: { kind: "sliding" },
  lifetimeMs: 7_200_000,
  issue: () => Promise.reject(new Error("not asked")),
};

/** The platform with changed answers: `change` returns each of them. */
export function answering(platform: ScriptedIssuer, change: (issued: Issued) => Issued): Issuer {
  const { id, lifetimeMs, policy } = platform;
  return {
    id,
    lifetimeMs,
    policy,
    issue: async (request) => change(await platform.issue(request)),
  };
}

/** Lets time pass until the promise settles, at most `ms`. */
export async function within<T>(clock: ManualClock, ms: number, promise: Promise<T>): Promise<T> {
  let settled = false;
  const watched = promise.finally(() => (settled = true));
  watched.catch(() => {});
  for (let passed = 0; passed < ms && !settled; passed += 10) await clock.advance(10);
  await clock.settle();
  if (!settled) throw new Error(`Not settled within ${ms} ms.`);
  return watched;
}
