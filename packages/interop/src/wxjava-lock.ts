/**
 * WxJava's own lock round our fetch: for fleets in which both may still fetch, while one takes over
 * from the other.
 */
import {
  delay,
  fingerprint,
  IssueError,
  requireClock,
  requireKnown,
  requireShape,
  Secret,
  systemClock,
  systemRandom,
} from "@lingpai/core";
import type { Clock, Issued, Issuer, IssueRequest, Random } from "@lingpai/core";
import { decode } from "./conventions/encoding.ts";
import { nameOf } from "./mirror/mirror-events.ts";
import { addressOf } from "./conventions/target.ts";
import type { RawStore } from "./store/raw-store.ts";
import { requireStore } from "./require.ts";
import { ttlFor } from "./conventions/time-to-live.ts";
import { within } from "./store/within.ts";

export interface WxjavaLockOptions {
  /** The Redis that WxJava uses, through RedisTemplate or Jedis. */
  readonly store: RawStore;
  readonly appId: string;
  /**
   * `mp` for official accounts, `ma` for mini programs: which key and which prefix.
   * @defaultValue "mp"
   */
  readonly kind?: "mp" | "ma";
  /** The prefix that WxJava was configured with. @defaultValue "wx" for `mp`, "wa" for `ma` */
  readonly prefix?: string;
  /**
   * How long to wait for WxJava to release it, in ms, within the fetch deadline.
   * @defaultValue 4_000
   */
  readonly waitMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** WxJava's own lease. It is not extended there either. */
const leaseMs = 60_000;
const pollMs = 50;
const storeDeadlineMs = 1_000;

/**
 * The same issuer, which holds WxJava's lock (`{prefix}:lock:{appId}:accessTokenLock`) while it
 * asks. When WxJava has stored another credential than the one that is to be replaced, that one is
 * used and nothing is fetched. What is fetched is written to WxJava's key before its lock is
 * released, so that one who waits for the lock finds it.
 *
 * Throws, as `issue` does, `busy` when WxJava does not release its lock in time, and `unsent` when
 * its store cannot be reached: nothing was sent.
 */
export function withWxjavaLock(issuer: Issuer, options: WxjavaLockOptions): Issuer {
  requireShape("issuer", issuer, ["issue"], "A provider makes one; see Issuer.");
  requireKnown("withWxjavaLock()", options, [
    "appId",
    "clock",
    "kind",
    "prefix",
    "random",
    "store",
    "waitMs",
  ]);
  requireStore(options.store);
  requireClock(options.clock);
  const {
    appId,
    clock = systemClock,
    kind = "mp",
    random = systemRandom,
    store,
    waitMs = 4_000,
  } = options;
  const { convention, keys } = addressOf({
    convention: `wxjava/${kind}`,
    appId,
    ...(options.prefix !== undefined && { prefix: options.prefix }),
  });
  const key = keys[0]?.key ?? "";
  const lockKey = `${options.prefix ?? convention.prefix ?? ""}:lock:${appId}:accessTokenLock`;

  const take = async (owner: string, signal: AbortSignal): Promise<void> => {
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
  };

  /** What WxJava stored meanwhile: only if the platform does not say that it is dead. */
  const theirs = async (
    current: Secret | undefined,
    signal: AbortSignal,
  ): Promise<Issued | undefined> => {
    const text = await store.get(key);
    const leftMs = await store.remainingMs(key);
    const secret = text === undefined ? undefined : decode("plain", text);
    if (
      secret === undefined ||
      leftMs === undefined ||
      current === undefined ||
      secret === current.reveal()
    )
      return undefined;
    const verdict =
      (await issuer.probe?.(new Secret(secret, fingerprint(issuer.id, secret)), signal)) ??
      "unknown";
    return verdict === "alive"
      ? { secret, expiresInMs: Math.min(issuer.lifetimeMs, leftMs + convention.lessMs) }
      : undefined;
  };

  return {
    ...issuer,
    async issue(request: IssueRequest) {
      const { current, signal } = request;
      const owner = random.id();
      await unsent(take(owner, signal));
      try {
        const found = await unsent(theirs(current?.secret, signal));
        if (found !== undefined) return found;
        const issued = await issuer.issue(request);
        const ttlMs = ttlFor(issued.expiresInMs, convention.lessMs);
        if (ttlMs >= 1) await harmless(() => store.set(key, issued.secret, ttlMs));
        return issued;
      } finally {
        await harmless(() => store.deleteIf(lockKey, owner));
      }
    },
  };

  /** What was fetched must not be lost to a store that fails afterwards. */
  async function harmless(work: () => Promise<unknown>): Promise<void> {
    await within(clock, storeDeadlineMs, work()).catch(() => {});
  }
}

/** Before the request left: whatever fails, nothing was issued. */
async function unsent<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof IssueError) throw error;
    throw new IssueError(
      "unsent",
      `WxJava's store could not be reached (${nameOf(error)}). Nothing was fetched.`,
    );
  }
}
