#!/usr/bin/env node
/** The command `lingpai`. */
import { runLingpai } from "./run.ts";

// `lingpai … | head` closes the pipe, which is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

process.exitCode = await runLingpai(process.argv.slice(2));
