#!/usr/bin/env node
/** The command `lingpai`. */
import { runLingpai } from "./run.ts";
import { exitCodes } from "./shared/exit-code.ts";

// `lingpai … | head` closes the pipe, which is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

const code = await runLingpai(process.argv.slice(2));
process.exitCode = code;
// Clients of a store that was never reached keep timers for seconds. What was said is written first.
if (code === exitCodes.storeUnreachable) process.stderr.write("", () => process.exit());
