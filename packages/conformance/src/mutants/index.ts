/**
 * Adapters that are broken on purpose: at least one for each clause, which the clause must catch.
 */
import { cacheMutants } from "./cache-mutants.ts";
import { clusterMutants, faultMutants } from "./fault-mutants.ts";
import { leaseMutants } from "./lease-mutants.ts";
import { fenceMutants, lockMutants } from "./lock-mutants.ts";
import type { Mutant } from "./mutant.ts";
import { prefixMutants } from "./prefix-mutants.ts";
import { ttlMutants } from "./ttl-mutants.ts";
import { watchMutants } from "./watch-mutants.ts";

export const mutants: readonly Mutant[] = [
  ...cacheMutants,
  ...ttlMutants,
  ...prefixMutants,
  ...lockMutants,
  ...fenceMutants,
  ...leaseMutants,
  ...watchMutants,
  ...faultMutants,
  ...clusterMutants,
];
