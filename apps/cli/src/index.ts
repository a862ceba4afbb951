/**
 * The command `lingpai`, for programs that run it within their own process.
 *
 * @packageDocumentation
 */
export { runLingpai } from "./run.ts";
export type { Output } from "./shared/output.ts";
export type { ExitCode } from "./shared/exit-code.ts";
