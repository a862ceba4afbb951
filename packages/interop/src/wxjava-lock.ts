/**
 * Holds WxJava's own lock while Lingpai fetches. It is for a migration, in which both may still
 * fetch.
 */
import {
  delay,
  fingerprint,
  IssueError,
  requireOptions,
  requireShape,
  Secret,
  systemClock,
  systemRandom,
  revealed,
} from "@lingpai/core";
import type { Clock, IssueRequest, Issued, Issuer, KindsOf, Random } from "@lingpai/core";
import { decode } from "./conventions/encoding.ts";
import { errorName } from "./store/error-name.ts";
import { resolveTarget } from "./conventions/target.ts";
import type { RawStore } from "./store/raw-store.ts";
import { requireStore } from "./require.ts";
import { ttlFor } from "./conventions/time-to-live.ts";
import { within } from "./store/within.ts";

export interface WxjavaLockOptions {
  /** The Redis that WxJava uses, through RedisTemplate or Jedis. */
  readonly store: RawStore;
  readonly appId: string;
  /**
   * Selects the key and the prefix: `mp` for official accounts, `ma` for mini programs.
   * @defaultValue "mp"
   */
  readonly kind?: "mp" | "ma";
  /** The prefix that WxJava was configured with. @defaultValue "wx" for `mp`, "wa" for `ma` */
  readonly prefix?: string;
  /**
   * How long to wait for WxJava to release its lock, in ms, within the fetch deadline.
   * @defaultValue 4_000
   */
  readonly waitMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** The lease that WxJava takes. WxJava does not extend it either. */
const leaseMs = 60_000;
const pollMs = 50;
const storeDeadlineMs = 1_000;

/**
 * Wraps an issuer so that it holds WxJava's lock (`{prefix}:lock:{appId}:accessTokenLock`) while it
 * fetches. If WxJava has stored another credential than the one to be replaced, that one is used
 * and nothing is fetched. A fetched credential is written to WxJava's key before the lock is
 * released, so that whoever waits for the lock finds it.
 *
 * `issue` throws `busy` when WxJava does not release its lock in time, and `unsent` when its store
 * cannot be reached. Nothing was sent in either case.
 */
export function withWxjavaLock(issuer: Issuer, options: WxjavaLockOptions): Issuer {
  requireShape("issuer", issuer, ["issue"], "A provider makes one; see Issuer.");
  requireOptions("withWxjavaLock()", options, {
    appId: "text",
    clock: "clock",
    kind: "text",
    prefix: "text",
    random: "random",
    store: "object",
    waitMs: "whole",
  } satisfies KindsOf<WxjavaLockOptions>);
  requireStore(options.store);
  const {
    appId,
    clock = systemClock,
    kind = "mp",
    random = systemRandom,
    store,
    waitMs = 4_000,
  } = options;
  const { convention, keys } = resolveTarget({
    convention: `wxjava/${kind}`,
    appId,
    ...(options.prefix !== undefined && { prefix: options.prefix }),
  });
  const key = keys[0]?.key ?? "";
  const lockKey = `${options.prefix ?? convention.prefix ?? ""}:lock:${appId}:accessTokenLock`;

  const place = { store, key, lockKey, lessMs: convention.lessMs };
  const wait = { appId, clock, random, waitMs };
  return {
    ...issuer,
    async issue(request: IssueRequest) {
      const { current, signal } = request;
      const owner = random.id();
      await orUnsent(takeLock(place, wait, owner, signal));
      try {
        const found = await orUnsent(storedByWxjava(place, issuer, current?.secret, signal));
        if (found !== undefined) return found;
        const issued = await issuer.issue(request);
        const ttlMs = ttlFor(issued.expiresInMs, convention.lessMs);
        if (ttlMs >= 1) await ignoringFailure(() => store.set(key, revealed(issued.secret), ttlMs));
        return issued;
      } finally {
        await ignoringFailure(() => store.deleteIf(lockKey, owner));
      }
    },
  };

  /** A store that fails after the fetch must not cost the credential that was fetched. */
  async function ignoringFailure(work: () => Promise<unknown>): Promise<void> {
    await within(clock, storeDeadlineMs, work()).catch(() => {});
  }
}

/** WxJava's keys for one account. */
interface WxjavaPlace {
  readonly store: RawStore;
  readonly key: string;
  readonly lockKey: string;
  readonly lessMs: number;
}

interface LockWait {
  readonly appId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly waitMs: number;
}

/** @throws {IssueError} `busy`: WxJava did not release its lock within `waitMs`. */
async function takeLock(
  { store, lockKey }: WxjavaPlace,
  { appId, clock, random, waitMs }: LockWait,
  owner: string,
  signal: AbortSignal,
): Promise<void> {
  const endMs = clock.monotonicMs() + waitMs;
  while (!(await store.setIfAbsent(lockKey, owner, leaseMs))) {
    if (clock.monotonicMs() >= endMs) {
      throw new IssueError(
        "busy",
        `WxJava holds its lock on the token of ${appId}. Nothing was fetched.`,
        { retryAfterMs: 1_000 },
      );
    }
    await delay(clock, pollMs * (0.5 + random.next()), signal);
  }
}

/** Returns the credential that WxJava stored meanwhile, if the platform says that it is alive. */
async function storedByWxjava(
  { store, key, lessMs }: WxjavaPlace,
  issuer: Issuer,
  current: Secret | undefined,
  signal: AbortSignal,
): Promise<Issued | undefined> {
  const text = await store.get(key);
  const leftMs = await store.remainingMs(key);
  const secret = text === undefined ? undefined : decode("plain", text);
  if (secret === undefined || leftMs === undefined) return undefined;
  if (current === undefined || secret === current.reveal()) return undefined;
  const stored = new Secret(secret, fingerprint(issuer.id, secret));
  const verdict = (await issuer.probe?.(stored, signal)) ?? "unknown";
  return verdict === "alive"
    ? { secret, expiresInMs: Math.min(issuer.lifetimeMs, leftMs + lessMs) }
    : undefined;
}

/** For steps before the request: if one fails, nothing was issued. */
async function orUnsent<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof IssueError) throw error;
    throw new IssueError(
      "unsent",
      `WxJava's store could not be reached (${errorName(error)}). Nothing was fetched.`,
    );
  }
}
