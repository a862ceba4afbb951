/**
 * Compare-and-set on keys in etcd, by their revisions. A key with a time to live has an etcd lease
 * of its own.
 */
import type { CacheUnavailableReason } from "@lingpai/core";
import { CacheUnavailableError } from "@lingpai/core";
import { listLimit } from "../cas/cas.ts";
import type { CasKeys, CasPair, CasWrite } from "../cas/cas.ts";

/** The members of an `Etcd3` that are used. */
export interface EtcdClient {
  readonly kv: EtcdKv;
  readonly leaseClient: EtcdLeases;
}

interface EtcdKv {
  range(request: EtcdRange): Promise<{ readonly kvs: readonly EtcdPair[] }>;
  deleteRange(request: EtcdRange): Promise<{ readonly deleted: string }>;
  txn(request: EtcdTransaction): Promise<{ readonly succeeded: boolean }>;
}

interface EtcdLeases {
  leaseGrant(request: { TTL: number }): Promise<{ readonly ID: string }>;
  leaseRevoke(request: { ID: string }): Promise<unknown>;
  leaseTimeToLive(request: { ID: string }): Promise<{ readonly TTL: string }>;
}

interface EtcdRange {
  key: Buffer;
  range_end?: Buffer;
  limit?: number;
  keys_only?: boolean;
}

interface EtcdPair {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly mod_revision: string;
  readonly lease: string;
}

interface EtcdTransaction {
  compare: { key: Buffer; target: "Mod"; result: "Equal"; mod_revision: string }[];
  success: (
    | { request_put: { key: Buffer; value: Buffer; lease: string } }
    | { request_delete_range: EtcdRange }
  )[];
}

/** etcd changes several keys in one transaction. */
export interface EtcdKeys extends CasKeys {
  put(...writes: CasWrite[]): Promise<boolean>;
}

export function etcdKeys({ kv, leaseClient }: EtcdClient): EtcdKeys {
  return {
    read: (key) => named(read(kv, leaseClient, key)),
    put: (...writes) => named(put(kv, leaseClient, writes)),
    remove: (key, pair) => named(remove(kv, key, pair)),
    list: (prefix, after) => named(list(kv, prefix, after)),
    removeAll: (prefix) => named(removeAll(kv, prefix)),
  };
}

async function read(kv: EtcdKv, leases: EtcdLeases, key: string): Promise<CasPair | undefined> {
  const [pair] = (await kv.range({ key: Buffer.from(key) })).kvs;
  return (
    pair && {
      value: pair.value.toString(),
      revision: pair.mod_revision,
      remainingMs: () => named(remainingMs(leases, pair.lease)),
    }
  );
}

async function remainingMs(leases: EtcdLeases, lease: string): Promise<number | undefined> {
  if (lease === noLease) return undefined;
  return Math.max(0, (Number((await leases.leaseTimeToLive({ ID: lease })).TTL) + 1) * 1000);
}

async function put(kv: EtcdKv, leases: EtcdLeases, writes: readonly CasWrite[]): Promise<boolean> {
  const granted = await Promise.all(writes.map(({ ttlMs }) => grant(leases, ttlMs)));
  const { succeeded } = await kv.txn({
    compare: writes.map(({ key, read }) => unchanged(key, read)),
    success: writes.map(({ key, value }, index) => ({
      request_put: {
        key: Buffer.from(key),
        value: Buffer.from(value),
        lease: granted[index] ?? noLease,
      },
    })),
  });
  // Not awaited: these leases would expire by themselves.
  if (!succeeded)
    for (const ID of granted) if (ID !== noLease) leases.leaseRevoke({ ID }).catch(() => {});
  return succeeded;
}

async function grant(leases: EtcdLeases, ttlMs: number | undefined): Promise<string> {
  if (ttlMs === undefined) return noLease;
  const TTL = Math.min(Math.ceil(ttlMs / 1000), leaseMaxSeconds);
  return (await leases.leaseGrant({ TTL })).ID;
}

async function remove(kv: EtcdKv, key: string, pair: CasPair): Promise<boolean> {
  const request = { key: Buffer.from(key) };
  const { succeeded } = await kv.txn({
    compare: [unchanged(key, pair)],
    success: [{ request_delete_range: request }],
  });
  return succeeded;
}

async function list(kv: EtcdKv, prefix: string, after: string): Promise<readonly string[]> {
  const { kvs } = await kv.range({
    key: Buffer.from(`${after === "" ? prefix : after}\0`),
    range_end: endOf(prefix),
    limit: listLimit,
    keys_only: true,
  });
  return kvs.map(({ key }) => key.toString());
}

async function removeAll(kv: EtcdKv, prefix: string): Promise<number> {
  const range = { key: Buffer.from(prefix), range_end: endOf(prefix) };
  return Number((await kv.deleteRange(range)).deleted);
}

function unchanged(key: string, read: CasPair | undefined): EtcdTransaction["compare"][number] {
  return {
    key: Buffer.from(key),
    target: "Mod",
    result: "Equal",
    mod_revision: read?.revision ?? "0",
  };
}

const noLease = "0";

/** etcd's own limit, about 285 years. */
const leaseMaxSeconds = 9_000_000_000;

/** The first key after all keys with this prefix, which ends in an ASCII character. */
function endOf(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1]! += 1;
  return end;
}

/** The client's errors carry no code. Each kind has a class of its own. */
function named<R>(answer: Promise<R>): Promise<R> {
  return answer.catch((error: unknown) => {
    const name = error instanceof Error ? error.constructor.name : "";
    const meaning = meanings.get(name);
    if (meaning === undefined) throw error;
    const { reason, remedy, retryable = true } = meaning;
    throw new CacheUnavailableError(`The store (etcd) refused: ${name}. ${remedy}`, {
      reason,
      retryable,
    });
  });
}

interface Meaning {
  readonly reason: CacheUnavailableReason;
  readonly remedy: string;
  readonly retryable?: false;
}

const login: Meaning = {
  reason: "unauthorized",
  remedy: "Check the user and its password.",
  retryable: false,
};

const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ["EtcdAuthenticationFailedError", login],
  ["EtcdInvalidAuthTokenError", login],
  ["EtcdNoLeaderError", { reason: "cluster-down", remedy: "It has no leader; check its members." }],
  [
    "EtcdPermissionDeniedError",
    {
      reason: "forbidden",
      remedy: "Grant its user the rights that the README lists.",
      retryable: false,
    },
  ],
  [
    "GRPCDeadlineExceededError",
    { reason: "timeout", remedy: "It is busy; try again, and check its disks." },
  ],
  ["GRPCResourceExhastedError", { reason: "out-of-memory", remedy: "Give it room." }],
  [
    "GRPCUnavailableError",
    { reason: "disconnected", remedy: "Check that it is up and reachable." },
  ],
]);
