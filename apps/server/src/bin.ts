#!/usr/bin/env node
/** The command `lingpai-server`. */
import { runServerCommand } from "./command.ts";

process.exitCode = await runServerCommand(process.argv.slice(2));
