/** The stores, and what happens to them. */
import { delay, systemClock } from "@lingpai/core";
import { startCluster, startSentinel, type Server } from "@lingpai/test-servers";
import type { StoreKind, StoreSpec } from "./protocol.ts";

export interface FailingStore {
  readonly spec: StoreSpec;
  /** All that hold data. */
  readonly servers: readonly Server[];
  /** The one that serves this key now. */
  primaryOf(key: string): Promise<Server>;
  stop(): Promise<void>;
}

export async function startStore(kind: StoreKind): Promise<FailingStore> {
  if (kind === "Sentinel") {
    const sentinel = await startSentinel({}, 500);
    const { name: primaryName, nodes: servers } = sentinel;
    return {
      spec: { kind, primaryName, seeds: sentinel.sentinels.map(addressOf) },
      servers,
      primaryOf: () => sentinel.primary(),
      stop: () => sentinel.stop(),
    };
  }
  const cluster = await startCluster({}, 1_000);
  return {
    spec: { kind, primaryName: "", seeds: cluster.nodes.map(addressOf) },
    servers: cluster.nodes,
    primaryOf: async (key) => cluster.primaryOf(await cluster.slotOf(key)),
    stop: () => cluster.stop(),
  };
}

const addressOf = ({ host, port }: Server): { host: string; port: number } => ({ host, port });

export interface StoreFault {
  readonly name: string;
  /** Resolves when it is over: whatever the drivers need after that is theirs. */
  injectFault(store: FailingStore, key: string): Promise<void>;
}

/** The primary stands still, is replaced by a replica, and comes back to find that out. */
export const frozen = (ms: number): StoreFault => ({
  name: `frozen ${ms / 1000} s`,
  async injectFault(store, key) {
    const primary = await store.primaryOf(key);
    primary.freeze();
    await delay(systemClock, ms);
    primary.thaw();
  },
});

export const killed: StoreFault = {
  name: "kill -9",
  async injectFault(store, key) {
    await (await store.primaryOf(key)).kill();
  },
};

/** Every server is killed, and all come back with what they had written. */
export const outage = (ms: number): StoreFault => ({
  name: `whole outage ${ms / 1000} s`,
  async injectFault({ servers }) {
    await Promise.all(servers.map((server) => server.kill()));
    await delay(systemClock, ms);
    await Promise.all(servers.map((server) => server.restart()));
  },
});

/** Somebody empties the store. */
export const flushed: StoreFault = {
  // oxlint-disable-next-line lingpai/no-whole-store-command -- the fault itself, on a server of the bench's own
  name: "FLUSHALL",
  async injectFault(store, key) {
    // oxlint-disable-next-line lingpai/no-whole-store-command -- the fault itself, on a server of the bench's own
    await (await store.primaryOf(key)).command("FLUSHALL");
  },
};
