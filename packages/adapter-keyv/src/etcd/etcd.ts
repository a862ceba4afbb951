/**
 * etcd 3 through the etcd3 client, as `@keyv/etcd` uses it.
 *
 * Every write is one transaction on the key's revision, and every lease is etcd's own, so whoever
 * stops renewing is gone for everybody at once. What etcd has not: milliseconds, so times to live
 * are rounded up to whole seconds and to the server's least, two by default; and a clock that can
 * be asked, so `storeNowMs` is this process's. The `clear()` of an `@keyv/etcd` without a namespace
 * removes everything that is in etcd, ours included.
 */
import type { CacheUnavailableReason } from "@lingpai/core";
import { casEntries } from "../cas/cas-entries.ts";
import { listLimit } from "../cas/cas.ts";
import type { CasKeys, CasPair, CasWrite } from "../cas/cas.ts";
import { etcdLocks } from "./etcd-locks.ts";
import { refusal } from "../store/failure.ts";
import { dialectOf, has, isObject } from "../store/shape.ts";
import type { AtomicStore, StoreFamily, StoreSettings } from "../store/store.ts";

export const etcd: StoreFamily = {
  ofClient: (client, settings) => (isClient(client) ? etcdStore(client, settings) : undefined),
  ofAdapter: (adapter, settings) =>
    dialectOf(adapter) === "etcd" && isObject(adapter) && isClient(adapter["client"])
      ? etcdStore(adapter["client"], settings)
      : undefined,
};

/** What is used of an `Etcd3`. */
interface EtcdClient {
  readonly kv: EtcdKv;
  readonly leaseClient: EtcdLeases;
}

export interface EtcdKv {
  range(request: EtcdRange): Promise<{ readonly kvs: readonly EtcdPair[] }>;
  deleteRange(request: EtcdRange): Promise<{ readonly deleted: string }>;
  txn(request: EtcdTransaction): Promise<{ readonly succeeded: boolean }>;
}

export interface EtcdLeases {
  leaseGrant(request: { TTL: number }): Promise<{ readonly ID: string }>;
  leaseRevoke(request: { ID: string }): Promise<unknown>;
  leaseTimeToLive(request: { ID: string }): Promise<{ readonly TTL: string }>;
}

export interface EtcdRange {
  key: Buffer;
  range_end?: Buffer;
  limit?: number;
  keys_only?: boolean;
}

export interface EtcdPair {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly mod_revision: string;
  readonly lease: string;
}

export interface EtcdTransaction {
  compare: { key: Buffer; target: "Mod"; result: "Equal"; mod_revision: string }[];
  success: (
    | { request_put: { key: Buffer; value: Buffer; lease: string } }
    | { request_delete_range: EtcdRange }
  )[];
}

function isClient(client: unknown): client is EtcdClient {
  return (
    isObject(client) &&
    has<EtcdKv>(client["kv"], "range", "txn", "deleteRange") &&
    has<EtcdLeases>(client["leaseClient"], "leaseGrant")
  );
}

/** etcd changes several keys in one transaction. */
export interface EtcdKeys extends CasKeys {
  put(...writes: CasWrite[]): Promise<boolean>;
}

function etcdStore(client: EtcdClient, settings: StoreSettings): AtomicStore {
  const keys = guarded(etcdKeys(client));
  return {
    kind: "etcd",
    facts: { scope: "cluster", fencing: true, clock: "server" },
    cache: casEntries("etcd", keys, settings),
    lock: etcdLocks(keys, settings.clock),
  };
}

function etcdKeys({ kv, leaseClient }: EtcdClient): EtcdKeys {
  const unchanged = (
    key: string,
    read: CasPair | undefined,
  ): EtcdTransaction["compare"][number] => {
    return {
      key: Buffer.from(key),
      target: "Mod",
      result: "Equal",
      mod_revision: read?.revision ?? "0",
    };
  };
  const grant = async (ttlMs: number | undefined): Promise<string> => {
    if (ttlMs === undefined) return noLease;
    return (
      await leaseClient.leaseGrant({ TTL: Math.min(Math.ceil(ttlMs / 1000), leaseMaxSeconds) })
    ).ID;
  };
  const remainingMs = async (lease: string): Promise<number | undefined> => {
    if (lease === noLease) return undefined;
    return Math.max(0, (Number((await leaseClient.leaseTimeToLive({ ID: lease })).TTL) + 1) * 1000);
  };
  return {
    async read(key) {
      const [pair] = (await kv.range({ key: Buffer.from(key) })).kvs;
      return (
        pair && {
          value: pair.value.toString(),
          revision: pair.mod_revision,
          remainingMs: () => named(remainingMs(pair.lease)),
        }
      );
    },
    async put(...writes) {
      const leases = await Promise.all(writes.map(({ ttlMs }) => grant(ttlMs)));
      const { succeeded } = await kv.txn({
        compare: writes.map(({ key, read }) => unchanged(key, read)),
        success: writes.map(({ key, value }, index) => ({
          request_put: {
            key: Buffer.from(key),
            value: Buffer.from(value),
            lease: leases[index] ?? noLease,
          },
        })),
      });
      // Not waited for: they would end by themselves.
      if (!succeeded)
        for (const ID of leases)
          if (ID !== noLease) leaseClient.leaseRevoke({ ID }).catch(() => {});
      return succeeded;
    },
    async remove(key, read) {
      const request = { key: Buffer.from(key) };
      return (
        await kv.txn({
          compare: [unchanged(key, read)],
          success: [{ request_delete_range: request }],
        })
      ).succeeded;
    },
    async list(prefix, after) {
      const { kvs } = await kv.range({
        key: Buffer.from(`${after === "" ? prefix : after}\0`),
        range_end: endOf(prefix),
        limit: listLimit,
        keys_only: true,
      });
      return kvs.map(({ key }) => key.toString());
    },
    removeAll: async (prefix) =>
      Number(
        (await kv.deleteRange({ key: Buffer.from(prefix), range_end: endOf(prefix) })).deleted,
      ),
  };
}

const noLease = "0";

/** etcd's own limit, some 285 years. */
const leaseMaxSeconds = 9_000_000_000;

/** The first key after all that begin with this prefix, which ends in ASCII. */
function endOf(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1]! += 1;
  return end;
}

/** The same, with errors that say what they mean. */
function guarded(keys: EtcdKeys): EtcdKeys {
  return {
    read: (key) => named(keys.read(key)),
    put: (...writes) => named(keys.put(...writes)),
    remove: (key, read) => named(keys.remove(key, read)),
    list: (prefix, after) => named(keys.list(prefix, after)),
    removeAll: (prefix) => named(keys.removeAll(prefix)),
  };
}

/** The client's errors have no code, but a class for each. */
function named<R>(answer: Promise<R>): Promise<R> {
  return answer.catch((error: unknown) => {
    throw (
      refusal("etcd", { code: error instanceof Error ? error.constructor.name : "" }, reasons) ??
      error
    );
  });
}

const reasons: ReadonlyMap<string, CacheUnavailableReason> = new Map<
  string,
  CacheUnavailableReason
>([
  ["EtcdAuthenticationFailedError", "unauthorized"],
  ["EtcdInvalidAuthTokenError", "unauthorized"],
  ["EtcdNoLeaderError", "cluster-down"],
  ["EtcdPermissionDeniedError", "forbidden"],
  ["GRPCDeadlineExceededError", "timeout"],
  ["GRPCResourceExhastedError", "out-of-memory"],
  ["GRPCUnavailableError", "disconnected"],
]);
