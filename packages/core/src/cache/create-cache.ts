/**
 * Makes a cache from a driver. Prefixes, validation, ids, deadlines and closing are the same for
 * every store.
 */
import type {
  Cache,
  Conflict,
  DeleteOptions,
  Entry,
  SetOptions,
  Version,
  WatchListener,
  WatchOptions,
  Written,
} from "./cache.ts";
import type { CacheDriver } from "./cache-driver.ts";
import type { Unsubscribe } from "../driver/subscriptions.ts";
import { createDriverGuard, requireDeadline } from "../driver/driver-guard.ts";
import type { DriverGuard } from "../driver/driver-guard.ts";
import { ClosedError, ConfigurationError } from "../errors.ts";
import { requireOptions, requireShape, type KindsOf } from "../options.ts";
import { keyIn, nameIn, scopeOf } from "./prefix.ts";
import { systemRandom } from "../random.ts";
import type { Random } from "../random.ts";
import { SharedWatch } from "./shared-watch.ts";
import { createSubscriptions } from "../driver/subscriptions.ts";
import type { Subscriptions } from "../driver/subscriptions.ts";
import { systemClock } from "../time/time.ts";
import type { Clock } from "../time/time.ts";

export interface CacheOptions {
  /** Measures the deadline. @defaultValue the machine's clock */
  readonly clock?: Clock;
  /** Draws the versions. @defaultValue the machine's random source */
  readonly random?: Random;
  /**
   * How long one call of the store may take, in ms: a whole number from 1 to 2^31 − 1. Each step of
   * `keys` may take that long. `clear` consists of many commands, so it first checks that the store
   * answers within this time, and may then take 60 times as long. @defaultValue 500
   */
  readonly deadlineMs?: number;
}

/**
 * Makes a cache over a driver.
 *
 * All views made from it by `withPrefix` and `at` are one cache, so `close` on one view closes all.
 * `close` waits for the calls in flight, at most until their deadline. It does not wait for a
 * `clear` in flight, which rejects with `CLOSED`.
 *
 * @throws {ConfigurationError} `CONFIGURATION` for a deadline out of range, an unknown option, and
 *   an object that is not a driver.
 */
export function createCache(driver: CacheDriver, options: CacheOptions = {}): Cache {
  requireShape(
    "The cache's driver",
    driver,
    ["get", "set", "delete", "clear", "names", "close"],
    "Implement CacheDriver, or use an adapter.",
  );
  requireOptions("The cache's options", options, kinds);
  const { clock = systemClock, random = systemRandom } = options;
  const deadlineMs = requireDeadline(options.deadlineMs);
  const guard = createDriverGuard({
    kind: driver.kind,
    clock,
    deadlineMs,
    onSilence: driver.recover?.bind(driver),
  });
  const longGuard = createDriverGuard({
    kind: driver.kind,
    clock,
    deadlineMs: deadlineMs * clearFactor,
  });
  return new View(
    {
      driver,
      random,
      deadlineMs,
      guard,
      longGuard,
      subscriptions: createSubscriptions(guard),
      watches: new Map(),
      closing: undefined,
    },
    [],
  );
}

const kinds = {
  clock: "clock",
  deadlineMs: "number",
  random: "random",
} satisfies KindsOf<CacheOptions>;
const clearFactor = 60;
const ttlMaxMs = Number.MAX_SAFE_INTEGER;
const versionPattern = /^[A-Za-z0-9_-]{1,64}$/;

/** The parts that all views of one cache share. */
interface Shared {
  readonly driver: CacheDriver;
  readonly random: Random;
  readonly deadlineMs: number;
  readonly guard: DriverGuard;
  readonly longGuard: DriverGuard;
  readonly subscriptions: Subscriptions;
  /** By scope. */
  readonly watches: Map<string, SharedWatch>;
  closing: Promise<void> | undefined;
}

class View implements Cache {
  readonly path: readonly string[];
  readonly pushesChanges: boolean;
  readonly deadlineMs: number;
  readonly watch?: NonNullable<Cache["watch"]>;
  readonly tracedOn?: () => readonly string[];
  readonly #shared: Shared;
  readonly #scope: string;
  /** The key that was used last, and its name. Most callers use one key again and again. */
  #lastKey = "";
  #lastName = "";

  constructor(shared: Shared, path: readonly string[]) {
    this.#shared = shared;
    this.#scope = scopeOf(path);
    this.path = Object.freeze([...path]);
    this.deadlineMs = shared.deadlineMs;
    this.pushesChanges = shared.driver.watch !== undefined;
    if (this.pushesChanges) this.watch = (listener, watched) => this.#watch(listener, watched);
    if (shared.driver.tracedOn) this.tracedOn = shared.driver.tracedOn.bind(shared.driver);
  }

  get(key: string): Promise<Entry | undefined> {
    return this.#shared.guard.run(() => this.#openDriver().get(this.#nameOf(key)));
  }

  set(key: string, value: string, options: SetOptions = {}): Promise<Written | Conflict> {
    return this.#shared.guard.run(() => {
      const driver = this.#openDriver();
      const name = this.#nameOf(key);
      const { ttlMs, ifVersion, operationId } = options;
      requireValue(value);
      if (ttlMs !== undefined) requireTtl(ttlMs);
      if (ifVersion !== undefined) requireVersion(ifVersion);
      if (operationId !== undefined) requireOperationId(operationId);
      return driver.set(name, value, {
        version: operationId ?? this.#shared.random.id(),
        ttlMs,
        ifVersion,
      });
    });
  }

  delete(key: string, options: DeleteOptions = {}): Promise<boolean> {
    return this.#shared.guard.run(() => {
      const driver = this.#openDriver();
      const name = this.#nameOf(key);
      if (options.ifVersion !== undefined) requireVersion(options.ifVersion);
      return driver.delete(name, options.ifVersion);
    });
  }

  async clear(): Promise<number> {
    // No entry has an empty key. This read only shows within one deadline whether the store
    // answers.
    await this.#shared.guard.run(() => this.#openDriver().get(`${this.#scope}}`));
    return this.#shared.longGuard.run(() => this.#openDriver().clear(this.#scope));
  }

  async *keys(): AsyncGenerator<string, void, undefined> {
    const { guard } = this.#shared;
    const seen = new Set<string>();
    const names = this.#openDriver().names(this.#scope)[Symbol.asyncIterator]();
    let exhausted = false;
    try {
      for (;;) {
        this.#openDriver();
        const step = await guard.run(() => names.next());
        if (step.done === true) {
          exhausted = true;
          return;
        }
        const key = keyIn(this.#scope, step.value);
        if (key === undefined || seen.has(key)) continue;
        seen.add(key);
        yield key;
      }
    } finally {
      // Not awaited, because it would never settle behind a step that never settles.
      if (!exhausted) names.return?.().catch(() => {});
    }
  }

  withPrefix(segment: string): Cache {
    return new View(this.#shared, [...this.path, segment]);
  }

  at(path: readonly string[]): Cache {
    return new View(this.#shared, path);
  }

  close(): Promise<void> {
    this.#shared.closing ??= closeShared(this.#shared);
    return this.#shared.closing;
  }

  async #watch(listener: WatchListener, { key, instead }: WatchOptions = {}): Promise<Unsubscribe> {
    const driver = this.#openDriver();
    const name = key === undefined ? undefined : nameIn(this.#scope, key);
    const { subscriptions, watches } = this.#shared;
    const scope = this.#scope;
    const present = watches.get(scope);
    if (present !== undefined) return present.open({ name, key, listener }, instead);
    const opened: SharedWatch = new SharedWatch({
      subscriptions,
      subscribe: (deliver) => driver.watch!(scope, deliver),
      keyOf: (changed) => keyIn(scope, changed),
      onEmpty: () => void (watches.get(scope) === opened && watches.delete(scope)),
    });
    watches.set(scope, opened);
    return opened.open({ name, key, listener }, instead);
  }

  #nameOf(key: string): string {
    if (key !== this.#lastKey || this.#lastName === "") {
      this.#lastName = nameIn(this.#scope, key);
      this.#lastKey = key;
    }
    return this.#lastName;
  }

  #openDriver(): CacheDriver {
    if (this.#shared.closing !== undefined) throw new ClosedError("This cache");
    return this.#shared.driver;
  }
}

/** Closes the driver when the calls in flight have settled. */
async function closeShared({ driver, guard, longGuard, subscriptions }: Shared): Promise<void> {
  longGuard.abandon(new ClosedError("This cache"));
  await subscriptions.close();
  await guard.idle();
  await guard.run(() => driver.close());
}

function requireValue(value: string): void {
  if (typeof value !== "string")
    throw new ConfigurationError(
      `A value must be a string, not ${typeof value}. Serialise it first.`,
    );
  if (!value.isWellFormed()) {
    throw new ConfigurationError(
      "The value holds half of a surrogate pair, which stores cannot keep. Encode binary data as base64.",
    );
  }
}

function requireTtl(ttlMs: number): void {
  if (Number.isSafeInteger(ttlMs) && ttlMs >= 1) return;
  throw new ConfigurationError(
    `ttlMs must be a whole number of ms from 1 to ${ttlMaxMs}, not ${String(ttlMs)}. Leave it out for no expiry.`,
  );
}

function requireVersion(version: Version): void {
  if (versionPattern.test(version)) return;
  throw new ConfigurationError(
    'ifVersion must be a version that this cache returned, or "absent" to write only if nothing is stored.',
  );
}

/** `absent` is a condition, so it cannot be a version. */
function requireOperationId(operationId: string): void {
  if (versionPattern.test(operationId) && operationId !== "absent") return;
  throw new ConfigurationError(
    "operationId must be 1 to 64 characters of A-Za-z0-9_- and unguessable. Draw it with random.id().",
  );
}
