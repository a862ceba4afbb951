import type { Clause } from "../clause.ts";
import { cacheOutcomes } from "./cache-outcomes.ts";
import { cacheTime } from "./cache-time.ts";
import { cacheValues } from "./cache-values.ts";
import { cluster } from "./cluster.ts";
import { faultOutage } from "./fault-outage.ts";
import { faultServer } from "./fault-server.ts";
import { fence } from "./fence.ts";
import { leaseLoss } from "./lease-loss.ts";
import { leaseWaiting } from "./lease-waiting.ts";
import { leaseWork } from "./lease-work.ts";
import { lockOwnership } from "./lock-ownership.ts";
import { lockTime } from "./lock-time.ts";
import { prefixClients } from "./prefix-clients.ts";
import { prefixIsolation } from "./prefix-isolation.ts";
import { prefixNames } from "./prefix-names.ts";
import { watch } from "./watch.ts";

/** All clauses, ordered by id. */
export const clauses: readonly Clause[] = [
  ...[...cacheValues, ...cacheTime, ...cacheOutcomes].sort(byId),
  ...[...prefixNames, ...prefixIsolation, ...prefixClients].sort(byId),
  ...[...lockOwnership, ...lockTime].sort(byId),
  ...[...leaseWaiting, ...leaseWork, ...leaseLoss].sort(byId),
  ...fence,
  ...watch,
  ...[...faultOutage, ...faultServer].sort(byId),
  ...cluster,
];

function byId(one: Clause, other: Clause): number {
  return one.id < other.id ? -1 : 1;
}
