/**
 * What entries and leases need of a store that knows compare-and-set on one key, and nothing more:
 * etcd, memcached.
 */

/** A key as it was read. */
export interface CasPair {
  readonly value: string;
  /** Changes with every write of the key. */
  readonly revision: string;
  /**
   * What is left of its time to live, in ms, rather too much than too little; undefined when it
   * does not end, 0 when it has.
   */
  remainingMs(): Promise<number | undefined>;
}

/**
 * A key as it is to be written, if it is still as it was read; undefined for one that was not
 * there.
 */
export interface CasWrite {
  readonly key: string;
  readonly read: CasPair | undefined;
  readonly value: string;
  readonly ttlMs: number | undefined;
}

export interface CasKeys {
  read(key: string): Promise<CasPair | undefined>;
  /** Tells whether it was written: false when the key had changed. */
  put(write: CasWrite): Promise<boolean>;
  /** Tells whether it was removed: false when the key had changed. */
  remove(key: string, read: CasPair): Promise<boolean>;
  /** Keys that begin with the prefix and come after this one, at most {@link listLimit}. */
  list(prefix: string, after: string): Promise<readonly string[]>;
  /** Removes all keys that begin with the prefix, and counts them. */
  removeAll(prefix: string): Promise<number>;
}

export const listLimit = 500;

/** The owner of a lease, its length and its fence, as one text. */
export interface LeaseText {
  readonly ttlMs: number;
  readonly fence: number;
  /**
   * Empty when it was released; undefined for what is foreign, which is nobody's and is never
   * released.
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
