/**
 * The interface that entries and leases need from a store with compare-and-set on single keys:
 * etcd, memcached.
 */

/** A key as it was read. */
export interface CasPair {
  readonly value: string;
  /** Changes with every write of the key. */
  readonly revision: string;
  /**
   * The remaining time to live, in ms, rounded up rather than down. It is undefined for a key
   * without expiry, and 0 for an expired one.
   */
  remainingMs(): Promise<number | undefined>;
}

/**
 * A conditional write: it succeeds only if the key is still as it was read. `read` is undefined for
 * an absent key.
 */
export interface CasWrite {
  readonly key: string;
  readonly read: CasPair | undefined;
  readonly value: string;
  readonly ttlMs: number | undefined;
}

export interface CasKeys {
  read(key: string): Promise<CasPair | undefined>;
  /** Resolves to false if the key had changed and nothing was written. */
  put(write: CasWrite): Promise<boolean>;
  /** Resolves to false if the key had changed and nothing was removed. */
  remove(key: string, read: CasPair): Promise<boolean>;
  /** Returns at most {@link listLimit} keys that begin with the prefix and sort after this one. */
  list(prefix: string, after: string): Promise<readonly string[]>;
  /** Removes all keys that begin with the prefix, and returns their number. */
  removeAll(prefix: string): Promise<number>;
}

export const listLimit = 500;

/** A lease as one text: its owner, length and fence. */
export interface LeaseText {
  readonly ttlMs: number;
  readonly fence: number;
  /**
   * It is empty after a release. It is undefined for a foreign value, which has no owner and is
   * never released.
   */
  readonly owner: string | undefined;
}

export function leaseText(ttlMs: number, fence: number, owner: string): string {
  return `${ttlMs}:${fence}:${owner}`;
}

export function parseLease(text: string): LeaseText {
  const [, ttl, fence, owner] = /^(\d+):(\d+):(.*)$/s.exec(text) ?? [];
  return { ttlMs: Number(ttl ?? Infinity), fence: Number(fence ?? 0), owner };
}
