#!/usr/bin/env node
/** The command `lingpai`. */
import { isStoreAddress, storeForms } from "@lingpai/token-server";
import { Command, InvalidArgumentError, Option } from "commander";
import { runDemo } from "./demo/command.ts";
import { runStatus } from "./status/command.ts";

const program = new Command("lingpai")
  .description("One valid WeChat access token, everywhere.")
  // Wrong usage is 2: 1 says that something was found. Commands inherit it.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));

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

program
  .command("status")
  .description(
    "Shows every credential that a store holds: its state, who fetched it, when and why, and what is wrong. Fetches nothing. Exits with 0 when all is well, 1 with findings, 2 for wrong options, 3 when the store cannot be reached. A sealed store's key comes from LINGPAI_SEAL.",
  )
  .addOption(
    new Option("--store <address>", storeForms)
      .env("LINGPAI_STORE")
      .argParser(storeAddress)
      .makeOptionMandatory(),
  )
  .addOption(new Option("--environment <name>", "only this environment").env("LINGPAI_ENVIRONMENT"))
  .option("--json", "print one JSON object")
  .addHelpText(
    "after",
    `
Examples:
  lingpai status --store redis://127.0.0.1:6379
  lingpai status --store sqlite:tokens.sqlite --environment production --json`,
  )
  .action(async (options: { store: string; environment?: string; json?: true }) => {
    process.exitCode = await runStatus(
      {
        store: options.store,
        environment: options.environment,
        isJson: options.json === true,
        seal: process.env["LINGPAI_SEAL"],
      },
      { out: (text) => console.log(text), err: (text) => console.error(text) },
    );
  });

await program.parseAsync();

function redisUrl(value: string): string {
  if (/^rediss?:\/\/\S+$/.test(value)) return value;
  throw new InvalidArgumentError("Give a URL such as redis://127.0.0.1:6379.");
}

function storeAddress(value: string): string {
  if (isStoreAddress(value)) return value;
  throw new InvalidArgumentError(`Give one of ${storeForms}.`);
}
