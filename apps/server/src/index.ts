/**
 * The token server (中控服务器) as one process.
 *
 * @packageDocumentation
 */
// The folders, in the order in which they may import each other:
//   store     a store by its address, and the key that seals it
//   http      a socket for the handler: limits, problems, certificates
//   start     configuration, risks, the first key
//   serving   what is served now, and what a new configuration changes
// Above them: serve.ts (all of it), bin.ts (the command).
export { runServerCommand } from "./command.ts";
export type { Output } from "./command.ts";
export { serve } from "./serve.ts";
export type { RunningServer, ServeOptions } from "./serve.ts";
export { centreForms, centreSource, sourcesFrom } from "./start/sources.ts";
export type { SourceOptions } from "./start/sources.ts";
export { riskNames } from "./start/risks.ts";
export type { Risk } from "./start/risks.ts";
