/**
 * The tests that both Redis adapters share. An adapter says how its library connects; the servers
 * and their faults are here.
 */
export { describeFrozenPrimary } from "./promises/frozen.ts";
export { expectOwnPrefix, expectUndisturbed, ownPrefix } from "./promises/options.ts";
export { describeRedisAdapter } from "./promises/promises.ts";
export { clusterBackend, sentinelBackend } from "./backends/replicated.ts";
export { rightsWithin } from "./backends/rights.ts";
export { slotOf } from "./backends/slot.ts";
export { standaloneBackend } from "./backends/standalone.ts";
export { describeTracing } from "./promises/tracing.ts";
export { describeWrongPassword } from "./promises/wrong-password.ts";
export { basicsDaily, keysOf, lookalikeOf } from "./backends/world.ts";
export type { Connected, Credentials, Own, RedisDriver } from "./backends/world.ts";
