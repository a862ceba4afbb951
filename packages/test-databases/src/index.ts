/**
 * The world in which adapters over databases are tested. An adapter says how its library connects;
 * the servers, the files and their faults are here.
 */
export { fileBackend } from "./file-backend.ts";
export type { Source } from "./real-time.ts";
export { linkedFacts, serverBackend, serverFacts } from "./server-backend.ts";
export type { ServerPlan } from "./server-backend.ts";
