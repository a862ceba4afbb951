/** Every check, in the order of the documentation. */
import type { Check } from "../check.ts";
import { commandsRefused, subscriptionSwallowed } from "./access.ts";
import { clocksApart } from "./clocks.ts";
import {
  doubtOverdue,
  foreignRefresher,
  notRefreshed,
  platformRefuses,
  sharedAppId,
  unknownSchema,
} from "./documents.ts";
import { quotaNearlyUsed, tooManyRefreshes } from "./economy.ts";
import { foreignSdkKeys } from "./foreign-keys.ts";
import { stuckLock } from "./locks.ts";
import {
  evictingPolicy,
  notPersistent,
  replicaAsPrimary,
  unreplicatedWrites,
} from "./redis-settings.ts";
import { serverKeysUnused } from "./server-keys.ts";
import { unsealedAndTraced } from "./tracing.ts";

export const checks: readonly Check[] = [
  sharedAppId,
  foreignRefresher,
  foreignSdkKeys,
  platformRefuses,
  notRefreshed,
  doubtOverdue,
  unknownSchema,
  stuckLock,
  replicaAsPrimary,
  commandsRefused,
  evictingPolicy,
  notPersistent,
  unsealedAndTraced,
  subscriptionSwallowed,
  unreplicatedWrites,
  clocksApart,
  quotaNearlyUsed,
  tooManyRefreshes,
  serverKeysUnused,
];
