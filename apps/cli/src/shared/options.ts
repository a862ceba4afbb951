/** The options that several commands share. Each also has an environment variable. */
import { InvalidArgumentError, Option } from "commander";
import type { Command } from "commander";
import { isStoreAddress, storeForms } from "@lingpai/token-server/store";

export function withStore(command: Command): Command {
  return command
    .addOption(
      new Option("--store <address>", storeForms).env("LINGPAI_STORE").argParser(storeAddress),
    )
    .addOption(
      new Option("--environment <name>", "only this environment").env("LINGPAI_ENVIRONMENT"),
    )
    .addOption(
      new Option("--config <file>", "settings; default: lingpai.yaml if it is there").env(
        "LINGPAI_CONFIG_FILE",
      ),
    );
}

export function withApp(command: Command): Command {
  return withStore(command)
    .addOption(
      new Option("--app <name>", "the account's name in the configuration").env("LINGPAI_APP"),
    )
    .addOption(
      new Option("--app-id <id>", "the AppID, without a configuration").env("LINGPAI_APP_ID"),
    )
    .addOption(
      new Option("--mode <mode>", "which of the account's two tokens")
        .choices(["stable", "plain"])
        .env("LINGPAI_MODE"),
    )
    .option(
      "--secret-file <file>",
      'a file with the AppSecret; "-" reads it from stdin. Or LINGPAI_APPS_MAIN_SECRET',
    );
}

export function withJson(command: Command, text = "print one JSON object"): Command {
  return command.addOption(new Option("--json", text).env("LINGPAI_JSON"));
}

export function redisUrl(value: string): string {
  if (/^rediss?:\/\/\S+$/.test(value)) return value;
  throw new InvalidArgumentError("Give a URL such as redis://127.0.0.1:6379.");
}

function storeAddress(value: string): string {
  if (isStoreAddress(value)) return value;
  throw new InvalidArgumentError(`Give one of ${storeForms}.`);
}
