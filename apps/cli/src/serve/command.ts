/** `lingpai serve`: the token server, with its own options, help and keys. */
import { exitCodes } from "../shared/exit-code.ts";
import type { ExitCode } from "../shared/exit-code.ts";
import type { Output } from "../shared/output.ts";

/**
 * `lingpai serve key create …` makes a key; other commands list and revoke keys. The server's code
 * is loaded only here.
 */
export async function runServe(args: readonly string[], output: Output): Promise<ExitCode> {
  const { runServerCommand } = await import("@lingpai/token-server");
  const code = await runServerCommand(args, output, "lingpai serve");
  return code === 2 ? exitCodes.usage : code === 0 ? exitCodes.healthy : exitCodes.findings;
}
