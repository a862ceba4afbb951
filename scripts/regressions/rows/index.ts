import type { Regression } from "../regression.ts";
import { availability } from "./availability.ts";
import { availabilityConsumers } from "./availability-consumers.ts";
import { availabilityFailover } from "./availability-failover.ts";
import { availabilityRefusals } from "./availability-refusals.ts";
import { calls } from "./calls.ts";
import { config } from "./config.ts";
import { doctorRows } from "./doctor.ts";
import { dashboard } from "./dashboard.ts";
import { metrics } from "./metrics.ts";
import { mirrors } from "./mirrors.ts";
import { pushes } from "./pushes.ts";
import { serverRows } from "./server.ts";
import { serverAttacks } from "./server-attacks.ts";
import { simulatorRows } from "./simulator.ts";
import { storeClients } from "./store-clients.ts";
import { stores } from "./stores.ts";
import { tickets } from "./tickets.ts";
import { wecom } from "./wecom.ts";
import { yearsBackground } from "./years-background.ts";
import { yearsDocument } from "./years-document.ts";
import { yearsMany } from "./years-many.ts";
import { yearsOptions } from "./years-options.ts";
import { yearsSurvivors } from "./years-survivors.ts";
import { yearsUses } from "./years-uses.ts";

/** All mended faults that can be brought back, by area: each in a file of its name. */
export const regressions: Readonly<Record<string, readonly Regression[]>> = {
  availability,
  "availability-consumers": availabilityConsumers,
  "availability-failover": availabilityFailover,
  "availability-refusals": availabilityRefusals,
  calls,
  config,
  doctor: doctorRows,
  dashboard,
  metrics,
  mirrors,
  pushes,
  server: serverRows,
  "server-attacks": serverAttacks,
  simulator: simulatorRows,
  "store-clients": storeClients,
  stores,
  tickets,
  wecom,
  "years-background": yearsBackground,
  "years-document": yearsDocument,
  "years-many": yearsMany,
  "years-options": yearsOptions,
  "years-survivors": yearsSurvivors,
  "years-uses": yearsUses,
};
