/** All commands, with their options, help and examples. Each loads its code when it runs. */
import { Command, Option } from "commander";
import { addCredentialCommands } from "./credential/add-commands.ts";
import type { ConfigFlags } from "./config/command.ts";
import type { DoctorFlags } from "./doctor/command.ts";
import type { EventsFlags } from "./events/command.ts";
import { examples } from "./shared/examples.ts";
import { exitCodeHelp } from "./shared/exit-code.ts";
import type { ExitCode } from "./shared/exit-code.ts";
import { redisUrl, withJson, withStore } from "./shared/options.ts";
import type { Output } from "./shared/output.ts";
import type { SimulateFlags } from "./simulate/command.ts";
import { nameVariables } from "./shared/variables.ts";
import type { StatusFlags } from "./status/command.ts";

/** Called with the exit code of the command that was run. */
export type Exit = (code: ExitCode) => void;

export function programOf(output: Output, exit: Exit): Command {
  const program = new Command("lingpai")
    .description("One valid WeChat access token, everywhere.")
    .configureOutput({
      writeOut: (text) => output.out(text.trimEnd()),
      writeErr: (text) => output.err(text.trimEnd()),
    })
    // 2 means wrong usage, because 1 means findings. Commands inherit it.
    .exitOverride();
  addDemo(program, output, exit);
  addLooking(program, output, exit);
  addCredentialCommands(program, output, exit);
  addConfig(program, output, exit);
  addSimulate(program, output, exit);
  addServe(program, output, exit);
  program.addHelpText(
    "after",
    examples(
      "lingpai demo                                      see the incident, and that it does not happen",
      "lingpai serve --first-key                         a token server with its dashboard",
      "lingpai doctor --store redis://127.0.0.1:6379     what is wrong with a store",
    ) + "\n\n`lingpai COMMAND --help` lists the options of a command, with examples.",
  );
  nameVariables(program);
  return program;
}

function addDemo(program: Command, output: Output, exit: Exit): void {
  program
    .command("demo")
    .description(
      "Plays the incident over real HTTP between real processes: first with a cache per environment, then with Lingpai. Exits with 1 when a figure is not as promised.",
    )
    .option("--json", "print nothing but the measurements, as a JSON array")
    .option("--quick", "a third of it: without the plain token and the overlap")
    .option(
      "--redis <url>",
      "share the token through this Redis instead of a SQLite file",
      redisUrl,
    )
    .option(
      "--serve",
      "instead: a simulated platform, two servers with traffic, and their dashboard, until Ctrl-C",
    )
    .addHelpText(
      "after",
      examples(
        "lingpai demo",
        "lingpai demo --serve",
        "lingpai demo --redis redis://127.0.0.1:6379",
      ),
    )
    .action(async (flags: { json?: true; quick?: true; redis?: string; serve?: true }) => {
      if (flags.serve === true) {
        const { serveDemo } = await import("./demo/serve.ts");
        return exit(await serveDemo(output));
      }
      exit(
        (await (
          await import("./demo/command.ts")
        ).runDemo({
          isJson: flags.json === true,
          isQuick: flags.quick === true,
          redisUrl: flags.redis,
        })) === 0
          ? 0
          : 1,
      );
    });
}

function addLooking(program: Command, output: Output, exit: Exit): void {
  withJson(withStore(program.command("doctor")))
    .description(
      "Finds what is wrong with a store, worst first: the cause, and what to do. Fetches nothing. A sealed store's key comes from LINGPAI_SEAL or the configuration.",
    )
    .option("--fix", "make the changes that can be undone, and say how to undo them")
    .option("--all", "show every check, also those that are ok or could not be made")
    .addHelpText(
      "after",
      examples(
        "lingpai doctor --store redis://127.0.0.1:6379",
        "lingpai doctor --config lingpai.yaml --environment production --json",
      ) + exitCodeHelp,
    )
    .action(async (flags: DoctorFlags) =>
      exit(await (await import("./doctor/command.ts")).runDoctor(flags, output)),
    );
  withJson(withStore(program.command("status")))
    .description(
      "Shows every credential that a store holds: its state, who fetched it, when and why, and what is wrong. Fetches nothing. A sealed store's key comes from LINGPAI_SEAL or the configuration.",
    )
    .addHelpText(
      "after",
      examples(
        "lingpai status --store redis://127.0.0.1:6379",
        "lingpai status --store sqlite:tokens.sqlite --environment production --json",
      ) + exitCodeHelp,
    )
    .action(async (flags: StatusFlags) =>
      exit(await (await import("./status/command.ts")).runStatus(flags, output)),
    );
  withJson(withStore(program.command("events")), "print one JSON object a line")
    .description("Prints what the token servers noted in the store, and goes on with what comes.")
    .option("--ref <reference>", "only this credential's events")
    .option("--after <id>", "begin behind this event")
    .option("--no-follow", "end when all that is stored is printed")
    .addHelpText(
      "after",
      examples(
        "lingpai events --store redis://127.0.0.1:6379 --environment production",
        "lingpai events --config lingpai.yaml --environment production --no-follow --json | jq .event.type",
      ),
    )
    .action(async (flags: EventsFlags) =>
      exit(await (await import("./events/command.ts")).runEvents(flags, output, interrupted())),
    );
}

function addConfig(program: Command, output: Output, exit: Exit): void {
  const config = program.command("config").description("The configuration.");
  withJson(config.command("check"))
    .description(
      "Checks a configuration as a process would read it, and prints each value with its place. Exits with 1 when there are problems. Secrets appear as fingerprints.",
    )
    .addOption(
      new Option("--config <file>", "settings; default: lingpai.yaml if it is there").env(
        "LINGPAI_CONFIG_FILE",
      ),
    )
    .addOption(new Option("--environment <name>", "this one").env("LINGPAI_ENVIRONMENT"))
    .addHelpText(
      "after",
      examples("lingpai config check --config lingpai.yaml --environment production"),
    )
    .action(async (flags: ConfigFlags) =>
      exit(await (await import("./config/command.ts")).runConfigCheck(flags, output)),
    );
}

function addSimulate(program: Command, output: Output, exit: Exit): void {
  program
    .command("simulate")
    .description("Serves WeChat's credential endpoints on this machine until Ctrl-C.")
    .option("--port <port>", "0 is any free one", "0")
    .option("--app-id <id>", "the account", "wx0123456789abcdef")
    .option("--overlap <seconds>", "how long a superseded token stays alive", "300")
    .option("--lifetime <seconds>", "how long a token lives", "7200")
    .addHelpText("after", examples("lingpai simulate --port 8080 --overlap 0"))
    .action(async (flags: SimulateFlags) =>
      exit(await (await import("./simulate/command.ts")).runSimulate(flags, output, interrupted())),
    );
}

/** The token server has its own options and help, which `lingpai serve --help` shows. */
function addServe(program: Command, output: Output, exit: Exit): void {
  program
    .command("serve")
    .description("The token server: one valid token for every service, in any language.")
    .argument("[options...]", "see lingpai serve --help")
    .helpOption(false)
    .allowUnknownOption()
    .action(async (_options: unknown, _flags: unknown, { args }: Command) =>
      exit(await (await import("./serve/command.ts")).runServe(args, output)),
    );
}

/** Aborts at SIGINT or SIGTERM, once. */
function interrupted(): AbortSignal {
  const ended = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ended.abort());
  return ended.signal;
}
