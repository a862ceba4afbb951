import type { Busy, Granted } from "@lingpai/core";
import { hasCode, mutant, overridingLock, type Mutant } from "./mutant.ts";
import { find, findLease, type Item, type Shard } from "./simulated/simulated-store.ts";

const lockKey = (name: string): string => `${name}::lock`;
const fenceKey = (name: string): string => `${name}::fence`;

/** Returns the stored lease, expired or not. */
function leaseOf(shard: Shard, name: string): (Item & { readonly kind: "lease" }) | undefined {
  const item = shard.data.get(lockKey(name));
  return item?.kind === "lease" ? item : undefined;
}

function put(
  shard: Shard,
  name: string,
  lease: { readonly owner: string; readonly fence: number; readonly expiresAtMs: number },
): true {
  return (void shard.data.set(lockKey(name), { kind: "lease", ...lease }), true);
}

/** Adapters with broken ownership. */
export const lockMutants: readonly Mutant[] = [
  mutant("an acquisition is two steps: a read, then a write", "LOCK-01", {
    lockDriver: (sound, client) => ({
      async tryAcquire(name, owner, ttlMs) {
        const held = await client.send("look", [lockKey(name)], (shard) =>
          findLease(shard, lockKey(name)),
        );
        if (held !== undefined) return sound.tryAcquire(name, owner, ttlMs);
        return client.send("take", [lockKey(name)], (shard) => {
          shard.data.delete(lockKey(name));
          return client.habits.rules.acquire(shard, name, owner, ttlMs);
        });
      },
    }),
  }),
  mutant("a refused try returns the length of its own lease", "LOCK-02", {
    lockDriver: ({ tryAcquire }) => ({
      async tryAcquire(name, owner, ttlMs) {
        const outcome = await tryAcquire(name, owner, ttlMs);
        return outcome.acquired ? outcome : { ...outcome, remainingMs: ttlMs };
      },
    }),
  }),
  mutant("a release does not free the lock", "LOCK-03", {
    rules: () => ({ release: (shard, name, owner) => leaseOf(shard, name)?.owner === owner }),
  }),
  mutant("a takeover keeps the previous owner", "LOCK-04", {
    rules: ({ acquire }) => ({
      acquire(shard, name, owner, ttlMs) {
        const old = leaseOf(shard, name);
        return acquire(
          shard,
          name,
          old !== undefined && old.expiresAtMs <= shard.nowMs ? old.owner : owner,
          ttlMs,
        );
      },
    }),
  }),
  mutant("a release does not check the owner", "LOCK-05 LOCK-04", {
    rules: ({ release }) => ({
      release: (shard, name, owner) => release(shard, name, leaseOf(shard, name)?.owner ?? owner),
    }),
  }),
  mutant("owners are compared without case", "LOCK-05", {
    rules: ({ release }) => ({
      release(shard, name, owner) {
        const held = leaseOf(shard, name)?.owner;
        return release(shard, name, held?.toLowerCase() === owner.toLowerCase() ? held : owner);
      },
    }),
  }),
  mutant("a release fails if the lease has changed since it was read", "LOCK-19", {
    lockDriver: (_sound, client) => ({
      async release(name, owner) {
        const seen = await client.send("look", [lockKey(name)], (shard) => leaseOf(shard, name));
        const { rules } = client.habits;
        return client.send(
          "release",
          [lockKey(name)],
          (shard) => leaseOf(shard, name) === seen && rules.release(shard, name, owner),
        );
      },
    }),
  }),
  mutant("a release of a free lock returns true", "LOCK-06", {
    rules: ({ release }) => ({
      release: (shard, name, owner) =>
        findLease(shard, lockKey(name)) === undefined || release(shard, name, owner),
    }),
  }),
  mutant("extend counts from the lease's previous end", "LOCK-07", {
    rules: ({ extend }) => ({
      extend(shard, name, owner, ttlMs) {
        const leftMs = (leaseOf(shard, name)?.expiresAtMs ?? shard.nowMs) - shard.nowMs;
        return extend(shard, name, owner, leftMs + ttlMs);
      },
    }),
  }),
  mutant("extend by a shorter time shortens the lease", "LOCK-07", {
    rules: ({ extend }) => ({
      extend(shard, name, owner, ttlMs) {
        const held = leaseOf(shard, name);
        return (
          extend(shard, name, owner, ttlMs) &&
          held !== undefined &&
          put(shard, name, { ...held, expiresAtMs: shard.nowMs + ttlMs })
        );
      },
    }),
  }),
  mutant("extend renews an expired lease", "LOCK-08", {
    rules: ({ extend }) => ({
      extend(shard, name, owner, ttlMs) {
        const held = leaseOf(shard, name);
        if (held === undefined || held.owner !== owner) return extend(shard, name, owner, ttlMs);
        return put(shard, name, { ...held, expiresAtMs: shard.nowMs + ttlMs });
      },
    }),
  }),
  mutant("extend creates a missing lease", "LEASE-24 LOCK-17", {
    rules: ({ extend }) => ({
      extend(shard, name, owner, ttlMs) {
        if (find(shard, lockKey(name)) !== undefined) return extend(shard, name, owner, ttlMs);
        return put(shard, name, { owner, fence: shard.nowMs, expiresAtMs: shard.nowMs + ttlMs });
      },
    }),
  }),
  mutant("a second try of the same owner is refused", "LOCK-09 FAULT-04", {
    rules: ({ acquire }) => ({
      acquire(shard, name, owner, ttlMs) {
        const held = findLease(shard, lockKey(name));
        if (held === undefined || held === "foreign") return acquire(shard, name, owner, ttlMs);
        return { acquired: false, remainingMs: held.expiresAtMs - shard.nowMs };
      },
    }),
  }),
  mutant("a second try of the same owner gets a new fence", "LOCK-09", {
    rules: ({ acquire, release }) => ({
      acquire(shard, name, owner, ttlMs) {
        release({ ...shard, publish: () => {} }, name, owner);
        return acquire(shard, name, owner, ttlMs);
      },
    }),
  }),
  mutant("an invalid lease length becomes one minute", "LOCK-10", {
    lock: (sound) =>
      overridingLock(sound, (view) => ({
        tryAcquire: (name, owner, ttlMs) =>
          view
            .tryAcquire(name, owner, ttlMs)
            .catch((error) => retryIfConfigured(error, () => view.tryAcquire(name, owner, 60_000))),
      })),
  }),
  mutant("locks are stored under the entries' names", "LOCK-11", {
    layout: { lock: (name) => name },
  }),
  mutant("odd characters are removed from a lock's name", "LOCK-12", {
    lockDriver: (sound) => ({
      tryAcquire: (name, owner, ttlMs) => sound.tryAcquire(plain(name), owner, ttlMs),
      extend: (name, owner, ttlMs) => sound.extend(plain(name), owner, ttlMs),
      release: (name, owner) => sound.release(plain(name), owner),
    }),
  }),
  mutant("a lease never expires", "LOCK-13 LOCK-04 LEASE-26", {
    lockDriver: ({ tryAcquire }) => ({
      tryAcquire: (name, owner) => tryAcquire(name, owner, 2 ** 31),
    }),
  }),
  mutant("extend makes a lease permanent", "LOCK-13", {
    rules: ({ extend }) => ({
      extend: (shard, name, owner) => extend(shard, name, owner, 2 ** 40),
    }),
  }),
  mutant("names are hashed to a hundred locks", "LOCK-14", {
    lockDriver: (sound) => ({
      tryAcquire: (name, owner, ttlMs) => sound.tryAcquire(bucket(name), owner, ttlMs),
      extend: (name, owner, ttlMs) => sound.extend(bucket(name), owner, ttlMs),
      release: (name, owner) => sound.release(bucket(name), owner),
    }),
  }),
  mutant("an acquisition replaces a foreign value", "LOCK-16", {
    rules: ({ acquire }) => ({
      acquire(shard, name, owner, ttlMs) {
        if (find(shard, lockKey(name))?.kind === "foreign") shard.data.delete(lockKey(name));
        return acquire(shard, name, owner, ttlMs);
      },
    }),
  }),
  mutant("locks are stored in another database", "LOCK-17", {
    layout: { lock: (name) => `database-1/${lockKey(name)}` },
  }),
  mutant("the client's clock ends a lease", "LOCK-18", {
    lockDriver: ({ tryAcquire }, client, clock) => ({
      async tryAcquire(name, owner, ttlMs) {
        const outcome = await tryAcquire(name, owner, ttlMs);
        if (outcome.acquired || clock.wallMs() - client.clock.wallMs() < outcome.remainingMs)
          return outcome;
        await client.send("force", [lockKey(name)], (shard) => shard.data.delete(lockKey(name)));
        return tryAcquire(name, owner, ttlMs);
      },
    }),
  }),
];

/** Adapters with broken fences. */
export const fenceMutants: readonly Mutant[] = [
  mutant("the fence is the time of the grant, which may repeat", "FENCE-01 FENCE-07", {
    rules: ({ acquire }) => ({
      acquire: (shard, name, ...rest) => fenced(acquire(shard, name, ...rest), () => shard.nowMs),
    }),
  }),
  mutant("a takeover after expiry does not raise the fence", "FENCE-02", {
    rules: ({ acquire }) => ({
      acquire(shard, name, owner, ttlMs) {
        const old = leaseOf(shard, name);
        return fenced(acquire(shard, name, owner, ttlMs), (fence) =>
          old !== undefined && old.expiresAtMs <= shard.nowMs ? old.fence : fence,
        );
      },
    }),
  }),
  mutant(
    "the fence is a counter that starts at 1",
    "FENCE-03 FENCE-08 FENCE-10 FENCE-12 CLUSTER-04",
    {
      rules: ({ acquire }) => ({
        acquire(shard, name, owner, ttlMs) {
          const held = findLease(shard, lockKey(name));
          const stored = find(shard, fenceKey(name));
          const next =
            held !== undefined && held !== "foreign"
              ? held.fence
              : (stored?.kind === "fence" ? stored.fence : 0) + 1;
          return fenced(acquire(shard, name, owner, ttlMs), () => {
            shard.data.set(fenceKey(name), { kind: "fence", fence: next, expiresAtMs: Infinity });
            const lease = leaseOf(shard, name);
            if (lease) put(shard, name, { ...lease, fence: next });
            return next;
          });
        },
      }),
    },
  ),
  mutant("each client has its own fence counter", "FENCE-04", {
    lockDriver({ tryAcquire }) {
      let last = 2 ** 41;
      return {
        tryAcquire: async (name, owner, ttlMs) =>
          fenced(await tryAcquire(name, owner, ttlMs), () => (last += 1)),
      };
    },
  }),
  mutant("all names share one fence counter", "FENCE-05", {
    lockDriver({ tryAcquire }) {
      let last = 0;
      return {
        tryAcquire: async (name, owner, ttlMs) =>
          fenced(await tryAcquire(name, owner, ttlMs), (fence) => (last = Math.max(last, fence))),
      };
    },
  }),
  mutant("a lock without fences is accepted where fences are required", "FENCE-09", {
    facts: { fencing: false },
    demandFencing: () => "a lock",
  }),
  mutant("a restart of the server starts the fences again at 1", "FENCE-11", {
    restartLoses: ({ kind }) => kind === "fence",
    rules: ({ acquire }) => ({
      acquire(shard, name, owner, ttlMs) {
        const before = find(shard, fenceKey(name));
        const isFirst =
          before === undefined && ![...shard.data.keys()].some((key) => key === `${name}::granted`);
        shard.data.set(`${name}::granted`, {
          kind: "foreign",
          content: "granted before",
          expiresAtMs: Infinity,
        });
        return fenced(acquire(shard, name, owner, ttlMs), (fence) =>
          before !== undefined || isFirst ? fence : 1,
        );
      },
    }),
  }),
];

function fenced(outcome: Granted | Busy, change: (fence: number) => number): Granted | Busy {
  return outcome.acquired ? { ...outcome, fence: change(outcome.fence) } : outcome;
}

function plain(name: string): string {
  return name.replace(/%[0-9A-F]{2}/g, "_");
}

function bucket(name: string): string {
  const number = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 100, 0);
  return name.replace(/\{.*\}$/, `{bucket-${number}}`);
}

function retryIfConfigured<T>(error: unknown, call: () => Promise<T>): Promise<T> {
  return hasCode(error, "CONFIGURATION") ? call() : Promise.reject(error);
}
