#!/usr/bin/env node
/** Serves the simulator on a loopback port until SIGINT or SIGTERM. */
import { ConfigurationError, systemClock } from "@lingpai/core";
import { chaos } from "./network/chaos.ts";
import { optionsFrom, usage } from "./command-line.ts";
import { formatLog } from "./ledger/log.ts";
import { listen } from "./server.ts";
import { createSimulator } from "./simulator.ts";

const logEveryMs = 200;

async function main(args: readonly string[]): Promise<void> {
  const { help, log, chaosPercent, listenOptions, simulatorOptions } = optionsFrom(args);
  if (help) return void process.stdout.write(usage);
  const simulator = createSimulator({ logEntriesMax: 10_000, ...simulatorOptions });
  if (chaosPercent > 0)
    simulator.faults.always(chaos({ random: simulator.random, rate: chaosPercent / 100 }));
  const server = await listen(simulator, listenOptions);
  process.stdout.write(`${server.url}\n`);

  let printedSeq = 0;
  const print = (): void => {
    const entries = simulator.log.entries({ afterSeq: printedSeq });
    if (entries.length > 0) process.stdout.write(`${formatLog(entries, startMs)}\n`);
    printedSeq = simulator.log.seq;
    cancelPrint = systemClock.setTimer(logEveryMs, print);
  };
  const startMs = systemClock.wallMs();
  let cancelPrint = (): void => {};
  if (log) print();

  const stop = (): void => {
    cancelPrint();
    void server.close();
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const message =
    error instanceof ConfigurationError || (error instanceof Error && "code" in error)
      ? error.message
      : error;
  process.stderr.write(`wechat-simulator: ${String(message)}\n`);
  process.exitCode = 1;
}
