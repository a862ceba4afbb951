/**
 * The world in which both Redis adapters are tested. An adapter says how its library connects; the
 * servers and their faults are here.
 */
export { describeFrozenPrimary } from "./frozen.ts";
export { expectOwnPrefix, expectUndisturbed, ownPrefix } from "./options.ts";
export { describeRedisAdapter } from "./promises.ts";
export { clusterBackend, sentinelBackend } from "./replicated.ts";
export { rightsWithin } from "./rights.ts";
export { slotOf } from "./slot.ts";
export { standaloneBackend } from "./standalone.ts";
export { describeTracing } from "./tracing.ts";
export { keysOf, lookalikeOf } from "./world.ts";
export type { Connected, Credentials, Own, RedisDriver } from "./world.ts";
