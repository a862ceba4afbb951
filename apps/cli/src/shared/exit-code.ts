/** The exit codes of commands, and the messages for errors. */
import {
  CacheUnavailableError,
  ConfigurationError,
  CredentialConflictError,
  CredentialUnavailableError,
  IssueError,
  LingpaiError,
  QuotaExhaustedError,
} from "@lingpai/core";
import type { Output } from "./output.ts";

export const exitCodes = {
  healthy: 0,
  findings: 1,
  usage: 2,
  storeUnreachable: 3,
  platformRefused: 4,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The last lines of every command's help. */
export const exitCodeHelp = `

Exit codes: 0 healthy, 1 findings, 2 wrong usage, 3 the store cannot be reached,
4 the platform refuses.`;

/** Returns the exit code of an error that a command may meet. Undefined for a bug. */
function codeOf(error: unknown): ExitCode | undefined {
  if (error instanceof ConfigurationError) return exitCodes.usage;
  if (error instanceof CacheUnavailableError) return exitCodes.storeUnreachable;
  if (error instanceof QuotaExhaustedError || error instanceof IssueError)
    return exitCodes.platformRefused;
  if (error instanceof CredentialConflictError) return exitCodes.findings;
  if (error instanceof CredentialUnavailableError)
    return codeOf(error.cause) ?? (error.reason === "refused" ? 4 : exitCodes.findings);
  return error instanceof LingpaiError ? exitCodes.findings : undefined;
}

/** Runs a command. Converts an error that is not a bug to a message and an exit code. */
export async function guarded({ err }: Output, work: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await work();
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    err(`lingpai: ${(error as Error).message}`);
    const { cause, message } = error as Error;
    if (cause instanceof LingpaiError && !message.includes(cause.message))
      err(`  because: ${cause.message}`);
    return code;
  }
}
