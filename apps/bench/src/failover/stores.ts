/** The stores, and the faults that happen to them. */
import { delay, systemClock } from "@lingpai/core";
import { startCluster, startSentinel, type Server } from "@lingpai/test-servers";
import type { StoreKind, StoreSpec } from "./protocol.ts";

export interface FailingStore {
  readonly spec: StoreSpec;
  /** All servers that hold data. */
  readonly servers: readonly Server[];
  /** The primary of this key at this moment. */
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
  /** Resolves when the fault is over. The drivers may need longer. */
  injectFault(store: FailingStore, key: string): Promise<void>;
}

/** The primary freezes, a replica replaces it, and it resumes as a replica. */
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

/** Every server is killed, and all restart with their data. */
export const outage = (ms: number): StoreFault => ({
  name: `whole outage ${ms / 1000} s`,
  async injectFault({ servers }) {
    await Promise.all(servers.map((server) => server.kill()));
    await delay(systemClock, ms);
    await Promise.all(servers.map((server) => server.restart()));
  },
});

/** A foreign client empties the store. */
export const flushed: StoreFault = {
  // oxlint-disable-next-line lingpai/no-whole-store-command -- the fault itself, on a server of the bench's own
  name: "FLUSHALL",
  async injectFault(store, key) {
    // oxlint-disable-next-line lingpai/no-whole-store-command -- the fault itself, on a server of the bench's own
    await (await store.primaryOf(key)).command("FLUSHALL");
  },
};
