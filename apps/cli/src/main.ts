#!/usr/bin/env node
/** The command `lingpai`. */
import { runLingpai } from "./run.ts";
import { exitCodes } from "./shared/exit-code.ts";

const args = process.argv.slice(2);

// `lingpai … | head` closes the pipe: that is no fault, and nobody reads what would follow. A server
// goes on without whoever reads its log, and so does a command whose words cannot be read.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (args[0] === "serve") return;
  if (error.code !== "EPIPE") throw error;
  process.exit();
});
process.stderr.on("error", () => {});

const code = await runLingpai(args);
process.exitCode = code;
// Clients of a store that was never reached keep timers for seconds. What was said is written first.
if (code === exitCodes.storeUnreachable) process.stderr.write("", () => process.exit());
