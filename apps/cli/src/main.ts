#!/usr/bin/env node
/** The command `lingpai`. */
import { Command, InvalidArgumentError } from "commander";
import { runDemo } from "./demo/command.ts";

const program = new Command("lingpai").description("One valid WeChat access token, everywhere.");

program
  .command("demo")
  .description(
    "Plays the incident over real HTTP between real processes: first with a cache per environment, then with Lingpai. Exits with 1 when a figure is not as promised.",
  )
  .option("--json", "print nothing but the measurements, as a JSON array")
  .option("--redis <url>", "share the token through this Redis instead of a SQLite file", redisUrl)
  .action(async (options: { json?: true; redis?: string }) => {
    process.exitCode = await runDemo({ isJson: options.json === true, redisUrl: options.redis });
  });

await program.parseAsync();

function redisUrl(value: string): string {
  if (/^rediss?:\/\/\S+$/.test(value)) return value;
  throw new InvalidArgumentError("Give a URL such as redis://127.0.0.1:6379.");
}
