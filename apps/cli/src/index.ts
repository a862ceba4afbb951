/**
 * The command `lingpai`, for programs that run it within themselves.
 *
 * @packageDocumentation
 */
export { runLingpai } from "./run.ts";
export type { Output } from "./shared/output.ts";
export type { ExitCode } from "./shared/exit-code.ts";
