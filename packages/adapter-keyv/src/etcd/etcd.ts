/**
 * etcd 3 through the etcd3 client, which `@keyv/etcd` uses.
 *
 * Every write is one transaction on the key's revision. Every lock is an etcd lease, so a holder
 * that stops renewing loses it for all nodes at once. etcd knows no milliseconds: times to live are
 * rounded up to whole seconds, and to the server's minimum, 2 s by default. etcd's clock cannot be
 * read, so `storeNowMs` is this process's time. The `clear()` of an `@keyv/etcd` without a
 * namespace removes everything in etcd, including Lingpai's keys.
 */
import { casEntries } from "../cas/cas-entries.ts";
import { has, dialectOf, isObject } from "../store/shape.ts";
import type { AtomicStore, StoreFamily, StoreSettings } from "../store/store.ts";
import { etcdKeys } from "./etcd-keys.ts";
import type { EtcdClient } from "./etcd-keys.ts";
import { etcdLocks } from "./etcd-locks.ts";

export const etcd: StoreFamily = {
  ofClient: (client, settings) => (isClient(client) ? etcdStore(client, settings) : undefined),
  ofAdapter: (adapter, settings) =>
    dialectOf(adapter) === "etcd" && isObject(adapter) && isClient(adapter["client"])
      ? etcdStore(adapter["client"], settings)
      : undefined,
};

function isClient(client: unknown): client is EtcdClient {
  return (
    isObject(client) &&
    has<EtcdClient["kv"]>(client["kv"], "range", "txn", "deleteRange") &&
    has<EtcdClient["leaseClient"]>(client["leaseClient"], "leaseGrant")
  );
}

function etcdStore(client: EtcdClient, settings: StoreSettings): AtomicStore {
  const keys = etcdKeys(client);
  return {
    kind: "etcd",
    facts: { scope: "cluster", fencing: true, clock: "server" },
    cache: casEntries("etcd", keys, settings),
    lock: etcdLocks(keys, settings.clock),
  };
}
