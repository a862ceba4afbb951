/** The commands of a server: serve, and its keys. */
import { ConfigurationError, LingpaiError } from "@lingpai/core";
import type { NewKey } from "@lingpai/server";
import { Command, CommanderError, Option } from "commander";
import { serve } from "./serve.ts";
import { open } from "./start/open.ts";
import type { Opened } from "./start/open.ts";
import { riskNames } from "./start/risks.ts";
import type { Risk } from "./start/risks.ts";
import { centreForms, sourcesFrom } from "./start/sources.ts";
import { systemErrorText } from "./start/system-error.ts";

export interface Output {
  out(text: string): void;
  err(text: string): void;
}

interface CommonOptions {
  readonly config?: string;
  readonly centre?: readonly string[];
  readonly secrets?: string;
  readonly environment?: string;
  readonly allowHost?: readonly string[];
}

interface ServeFlags extends CommonOptions {
  readonly allow?: readonly Risk[];
  readonly firstKey?: true;
  readonly behindTls?: true;
}

interface KeyFlags extends CommonOptions {
  readonly name: string;
  readonly rights: string;
  readonly refs: string;
  readonly perSecond?: string;
  readonly sdk?: NewKey["sdk"];
}

const standard: Output = {
  out: (text) => console.log(text),
  err: (text) => console.error(text),
};

/**
 * Runs one command. Resolves to the exit code: 0, 1 for a failure, 2 for wrong usage or an invalid
 * configuration. `serve` resolves after SIGTERM or SIGINT stopped it. Help and errors call the
 * command `name`.
 */
export async function runServerCommand(
  args: readonly string[],
  output: Output = standard,
  name = "lingpai-server",
): Promise<number> {
  try {
    await programOf(output, name).parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const text = error instanceof LingpaiError ? error.message : systemErrorText(error);
    if (text === undefined) throw error;
    output.err(`${name}: ${text}`);
    return error instanceof ConfigurationError ? 2 : 1;
  }
}

function programOf({ err, out }: Output, name: string): Command {
  const program = new Command(name)
    .description("The token server: one valid token for every service, in any language.")
    .exitOverride()
    .configureOutput({ writeOut: (text) => out(text), writeErr: (text) => err(text) })
    .addHelpText(
      "after",
      `
Examples:
  ${name} --first-key
  ${name} --config lingpai.yaml --environment production
  ${name} key create --name shop --rights read,reject --refs "*"

Without a command it serves: \`${name} serve --help\` lists the options for that.`,
    );
  common(program.command("serve", { isDefault: true }))
    .description("Serves until SIGTERM or SIGINT.")
    .addOption(new Option("--allow <risk...>", "start in spite of this").choices(riskNames))
    .option("--first-key", "make a key with all rights if there is none, and print it once")
    .option("--behind-tls", "a proxy ends TLS: the dashboard's cookies are only sent over it")
    .action((flags: ServeFlags) => runServe(flags, out));
  const key = program.command("key").description("The server's keys.");
  common(key.command("create"))
    .description("Makes a key and prints it. It is stored as a hash, and never shown again.")
    .requiredOption("--name <text>", "who has it")
    .requiredOption("--rights <list>", "of read, reject, refresh, revoke, admin; commas between")
    .requiredOption("--refs <list>", "the credentials that it may use, commas between; * is all")
    .option("--per-second <number>", "how many requests a second one replica answers it")
    .option("--sdk <name>", "the SDK behind it, for the routes that are shaped as WeChat's")
    .action((flags: KeyFlags) =>
      withKeys(flags, async (opened) => out(await create(opened, flags))),
    );
  common(key.command("list"))
    .description("Lists the keys, without their texts.")
    .action((flags: CommonOptions) =>
      withKeys(flags, async ({ keys }) => out(JSON.stringify(await keys.list(), undefined, 2))),
    );
  common(key.command("revoke"))
    .description("Ends a key on every replica, within a second.")
    .argument("<id>", "the ten characters behind lp_")
    .action((id: string, flags: CommonOptions) =>
      withKeys(flags, async ({ keys }) => {
        if (!(await keys.revoke(id))) throw new ConfigurationError("There is no key of this id.");
      }),
    );
  return program;
}

function common(command: Command): Command {
  return command
    .addOption(
      new Option("--config <file>", "settings; default: lingpai.yaml if it is there").env(
        "LINGPAI_CONFIG_FILE",
      ),
    )
    .option("--centre <address...>", `a configuration centre: ${centreForms}`)
    .option("--secrets <directory>", "a directory with a file for each secret")
    .option("--environment <name>", "default: LINGPAI_ENVIRONMENT")
    .option(
      "--allow-host <host...>",
      "may receive an AppSecret, or a webhook in a private network",
    );
}

async function runServe(flags: ServeFlags, out: Output["out"]): Promise<void> {
  const stop = Promise.withResolvers<void>();
  // Registered before the start, so that an early signal does not leave a half-started server.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.resolve());
  // Whoever reads the log may end, and a pipe without a reader must not end the server.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const server = await serve({
    sources: sourcesOf(flags),
    environment: flags.environment,
    allow: flags.allow ?? [],
    allowedHosts: flags.allowHost ?? [],
    firstKey: flags.firstKey === true,
    dashboard: { isBehindTls: flags.behindTls === true },
    print: out,
  });
  out(`Serving at ${server.url}`);
  await stop.promise;
  await server.close();
}

async function withKeys(
  flags: CommonOptions,
  work: (opened: Opened) => Promise<void>,
): Promise<void> {
  const opened = await open({
    sources: sourcesOf(flags),
    environment: flags.environment,
    allowedHosts: flags.allowHost,
    seal: process.env["LINGPAI_SEAL"],
  });
  try {
    await work(opened);
  } finally {
    await opened.close();
  }
}

async function create({ keys }: Opened, flags: KeyFlags): Promise<string> {
  const { name, perSecond, refs, rights, sdk } = flags;
  const made = await keys.create({
    name,
    rights: rights.split(",") as NewKey["rights"][number][],
    refs: refs.split(","),
    ...(perSecond !== undefined && { perSecond: Number(perSecond) }),
    ...(sdk !== undefined && { sdk }),
  });
  return made.key;
}

function sourcesOf({ centre, config, secrets }: CommonOptions): ReturnType<typeof sourcesFrom> {
  return sourcesFrom({ file: config, centres: centre, secrets });
}
