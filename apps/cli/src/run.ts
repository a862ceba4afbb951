/** Runs one command line. */
import { CommanderError } from "commander";
import { programOf } from "./program.ts";
import { exitCodes } from "./shared/exit-code.ts";
import type { ExitCode } from "./shared/exit-code.ts";
import { standardOutput } from "./shared/output.ts";
import type { Output } from "./shared/output.ts";

/**
 * Runs `lingpai` with these arguments: `["doctor", "--store", url]`. Resolves to its exit code. It
 * reads this process's environment variables, as the command line does.
 */
export async function runLingpai(
  args: readonly string[],
  output: Output = standardOutput,
): Promise<ExitCode> {
  let code: ExitCode = exitCodes.healthy;
  try {
    await programOf(output, (given) => (code = given)).parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.healthy : exitCodes.usage;
  }
}
