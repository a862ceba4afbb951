/**
 * A row of the published tables: an event or a promise, its consequence, and the tests that fail
 * when it is not true.
 */
export interface Row {
  readonly id: string;
  /** The event, or the promise. */
  readonly what: string;
  /** The consequence, or the exact promise. */
  readonly outcome: string;
  /** `FILE: TITLE`: a name in {@link sources}, and the beginning of the title of a test in it. */
  readonly by?: readonly string[];
  /** The reason if there is no test. */
  readonly why?: string;
}

const core = "packages/core/src";
const clauses = "packages/conformance/src/clauses";
const e2e = "apps/e2e/src";
const wechat = "packages/wechat/src";

/** The files of the tests, by the names that the rows use. */
export const sources: Readonly<Record<string, string>> = {
  "adapter-ioredis/cluster-prefix": "packages/adapter-ioredis/src/cluster-prefix.test.ts",
  "adapter-keyv/kept-apart": "packages/adapter-keyv/src/keyv/kept-apart.test.ts",
  "adapter-sqlite/sqlite": "packages/adapter-sqlite/src/sqlite.processes.test.ts",
  "adapter-keyv/sqlite": "packages/adapter-keyv/src/sql/sqlite.processes.test.ts",
  bench: "apps/bench/src/bench.redis.test.ts",
  "bench/contention": "apps/bench/src/contention/contention.test.ts",
  "conformance/cache-time": `${clauses}/cache-time.ts`,
  "conformance/cache-values": `${clauses}/cache-values.ts`,
  "conformance/cluster": `${clauses}/cluster.ts`,
  "conformance/fault-outage": `${clauses}/fault-outage.ts`,
  "conformance/fault-server": `${clauses}/fault-server.ts`,
  "conformance/fence": `${clauses}/fence.ts`,
  "conformance/lease-loss": `${clauses}/lease-loss.ts`,
  "conformance/lock-ownership": `${clauses}/lock-ownership.ts`,
  "conformance/lock-time": `${clauses}/lock-time.ts`,
  "conformance/prefix-isolation": `${clauses}/prefix-isolation.ts`,
  "conformance/prefix-names": `${clauses}/prefix-names.ts`,
  "conformance/watch": `${clauses}/watch.ts`,
  "config/isolation": "packages/config/src/isolation.processes.test.ts",
  "config/isolation-redis": "packages/config/src/isolation.redis.test.ts",
  "core/abandon": `${core}/state/abandon.test.ts`,
  "core/after-close": `${core}/scenarios/after-close.test.ts`,
  "core/claims": `${core}/fleet/ownership.test.ts`,
  "core/codec": `${core}/state/codec.test.ts`,
  "core/commit": `${core}/state/commit.test.ts`,
  "core/consumers-wait": `${core}/scenarios/consumers-wait.test.ts`,
  "core/driver-guard": `${core}/driver/driver-guard.test.ts`,
  "core/failover": `${core}/scenarios/failover.test.ts`,
  "core/governor": `${core}/state/governor.test.ts`,
  "core/held-lease": `${core}/lease/held-lease.test.ts`,
  "core/request-order": `${core}/scenarios/request-order.test.ts`,
  "core/intent": `${core}/state/intent.test.ts`,
  "core/parameters": `${core}/parameters.test.ts`,
  "core/parent": `${core}/scenarios/parent.test.ts`,
  "core/pending-abandon": `${core}/scenarios/pending-abandon.test.ts`,
  "core/woken-by-events": `${core}/scenarios/woken-by-events.test.ts`,
  "core/pending-commit": `${core}/scenarios/pending-commit.test.ts`,
  "core/poisoned-document": `${core}/scenarios/poisoned-document.test.ts`,
  "core/prefix": `${core}/cache/prefix.test.ts`,
  "core/reduce": `${core}/state/reduce.test.ts`,
  "core/platform-refusal": `${core}/scenarios/platform-refusal.test.ts`,
  "core/refused-writes": `${core}/scenarios/refused-writes.test.ts`,
  "core/rejection": `${core}/scenarios/rejection.test.ts`,
  "core/repair": `${core}/state/repair.test.ts`,
  "core/reset": `${core}/scenarios/reset.test.ts`,
  "core/roles": `${core}/scenarios/roles.test.ts`,
  "core/rotation": `${core}/scenarios/rotation.test.ts`,
  "core/sealed": `${core}/sealing/sealed.test.ts`,
  "core/secret-length": `${core}/scenarios/secret-length.test.ts`,
  "core/serving": `${core}/scenarios/serving.test.ts`,
  "core/standalone": `${core}/scenarios/standalone.test.ts`,
  "core/suspect": `${core}/state/suspect.test.ts`,
  "core/quota-midnight": `${core}/scenarios/quota-midnight.test.ts`,
  "core/platform-outage": `${core}/scenarios/platform-outage.test.ts`,
  "core/store-outage": `${core}/scenarios/store-outage.test.ts`,
  "core/windows": `${core}/fleet/renewal-windows.test.ts`,
  "core/invalid-values": `${core}/scenarios/invalid-values.test.ts`,
  "e2e/bad-input": `${e2e}/inputs/bad-input.test.ts`,
  "e2e/secret-leaks": `${e2e}/secrecy/secret-leaks.redis.test.ts`,
  "e2e/holder-crash": `${e2e}/faults/holder-crash.redis.test.ts`,
  "e2e/lost-reply": `${e2e}/faults/lost-reply.redis.test.ts`,
  "e2e/outage": `${e2e}/faults/outage.redis.test.ts`,
  "e2e/store-loss": `${e2e}/faults/store-loss.redis.test.ts`,
  "e2e/failover": `${e2e}/faults/failover.redis.test.ts`,
  "e2e/wall-clock": `${e2e}/faults/wall-clock.servers.test.ts`,
  "test-redis/access-rules": "packages/test-redis/src/promises/access-rules.ts",
  "test-redis/frozen": "packages/test-redis/src/promises/frozen.ts",
  "test-redis/promises": "packages/test-redis/src/promises/promises.ts",
  "test-redis/services": "packages/test-redis/src/promises/services.ts",
  "redis/ioredis-recovery": "packages/redis/src/clients/ioredis-recovery.test.ts",
  "redis/layout": "packages/redis/src/layout.test.ts",
  "redis/scripts": "packages/redis/src/scripts.redis.test.ts",
  "client/hostile": "packages/client/src/hostile.test.ts",
  "server/audit": "packages/server/src/events/audit.test.ts",
  "server/every-route": "packages/server/src/every-route.test.ts",
  "server/held-open": "packages/server/src/held-open.test.ts",
  "server/keys": "packages/server/src/keys/server-keys.test.ts",
  "server/sessions": "packages/server/src/sessions/sessions.test.ts",
  "server/webhooks": "packages/server/src/webhooks/webhooks.test.ts",
  "event-log/follower": "packages/event-log/src/follower.test.ts",
  "token-server/command": "apps/server/src/command.processes.test.ts",
  "token-server/open-store": "apps/server/src/store/open-store.test.ts",
  "token-server/serving": "apps/server/src/serving/serving.test.ts",
  "server/token-server": "packages/server/src/token-server.test.ts",
  "redis/subscriptions": "packages/redis/src/subscriptions.test.ts",
  "simulation/explore": "apps/simulation/src/explore/search/search.processes.test.ts",
  "simulation/simulate": "apps/simulation/src/simulate.processes.test.ts",
  "simulation/primary": "apps/simulation/src/store/primary.test.ts",
  "wechat/answer": `${wechat}/transport/platform-answer.test.ts`,
  "wechat/api": `${wechat}/calls/api.test.ts`,
  "wechat/issuers": `${wechat}/tokens/issuers.test.ts`,
  "wechat/loopback": `${wechat}/transport/loopback.test.ts`,
  "wechat/send": `${wechat}/calls/send.test.ts`,
  "wechat/refused-address": `${wechat}/account/refused-address.test.ts`,
  "wechat/refusing-api": `${wechat}/account/refusing-api.test.ts`,
  "wechat/validate": `${wechat}/options/validate.test.ts`,
  "wechat/wechat": `${wechat}/account/wechat.test.ts`,
};

export interface Proof {
  readonly file: string;
  readonly title: string;
}

/** @throws {Error} for a name that {@link sources} lacks. */
export function proofOf(text: string): Proof {
  const end = text.indexOf(": ");
  const file = sources[text.slice(0, end)];
  if (file === undefined) throw new Error(`"${text}" does not begin with the name of a test file.`);
  return { file, title: text.slice(end + 2) };
}
