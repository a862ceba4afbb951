/**
 * Stand-ins for time, chance, a platform and a store, for tests of Lingpai and of programs that use
 * it.
 *
 * @packageDocumentation
 */
export * from "./during.ts";
export * from "./manual-clock.ts";
export * from "./seeded-random.ts";
export * from "./scripted-issuer.ts";
export {
  faultPlan,
  type Fault,
  type FaultPlan,
  type FaultPlanOptions,
  type FaultyCall,
  type FaultyOperation,
} from "./faults.ts";
export * from "./faulty-cache.ts";
export * from "./faulty-lock.ts";
export * from "./simulated-store.ts";
