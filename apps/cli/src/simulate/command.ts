/** `lingpai simulate`: WeChat's credential endpoints on this machine. */
import { ConfigurationError, systemClock } from "@lingpai/core";
import { createSimulator } from "@lingpai/wechat-simulator";
import { listen } from "@lingpai/wechat-simulator/server";
import { exitCodes, guarded } from "../shared/exit-code.ts";
import type { ExitCode } from "../shared/exit-code.ts";
import type { Output } from "../shared/output.ts";

export interface SimulateFlags {
  readonly port: string;
  readonly appId: string;
  readonly overlap: string;
  readonly lifetime: string;
}

/** The account's secret. It is public, because every simulator has it. */
const simulatedSecret = "0123456789abcdef0123456789abcdef";

/** Serves until the signal aborts. The address is the first line of stdout. */
export function runSimulate(
  flags: SimulateFlags,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  return guarded(output, async () => {
    const { appId } = flags;
    const simulator = createSimulator({
      accounts: [{ appId, secret: simulatedSecret }],
      clock: systemClock,
      overlapMs: 1_000 * numberIn("--overlap", flags.overlap, 7_200),
      lifetimeMs: 1_000 * numberIn("--lifetime", flags.lifetime, 31_536_000),
      logEntriesMax: 10_000,
    });
    const server = await listen(simulator, {
      host: "127.0.0.1",
      port: numberIn("--port", flags.port, 65_535),
    });
    output.out(server.url);
    output.err(`The account is ${appId}, its AppSecret ${simulatedSecret}. Stop with Ctrl-C.`);
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    await server.close();
    return exitCodes.healthy;
  });
}

function numberIn(name: string, text: string, max: number): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new ConfigurationError(`${name} needs a whole number from 0 to ${max}.`);
}
