/** Adds the commands of one credential to the program. */
import type { Command } from "commander";
import { exitCodeHelp } from "../shared/exit-code.ts";
import type { ExitCode } from "../shared/exit-code.ts";
import { examples } from "../shared/examples.ts";
import { withApp, withJson, withStore } from "../shared/options.ts";
import type { Output } from "../shared/output.ts";
import type { RejectFlags, SeedFlags } from "./commands.ts";
import type { UnclaimFlags } from "./unclaim.ts";
import type { ClientFlags } from "./with-client.ts";

type Exit = (code: ExitCode) => void;

const store = "--store redis://127.0.0.1:6379 --environment production";

export function addCredentialCommands(program: Command, output: Output, exit: Exit): void {
  withJson(withApp(program.command("token")))
    .description(
      "Prints the account's token on stdout, and nothing else there. Fetches one only if the fleet has none.",
    )
    .addHelpText(
      "after",
      examples(
        `lingpai token ${store} --app-id wx0123456789abcdef --secret-file secret.txt`,
        "TOKEN=$(lingpai token --config lingpai.yaml --environment production)",
      ) + exitCodeHelp,
    )
    .action(async (flags: ClientFlags) =>
      exit(await (await import("./commands.ts")).runToken(flags, output)),
    );
  withJson(withApp(program.command("refresh")))
    .description("Replaces the token now, for the whole fleet, whatever is left of its life.")
    .addHelpText(
      "after",
      examples("lingpai refresh --config lingpai.yaml --environment production"),
    )
    .action(async (flags: ClientFlags) =>
      exit(await (await import("./commands.ts")).runRefresh(flags, output)),
    );
  withJson(withApp(program.command("revoke")))
    .description(
      "Makes the platform forget a token that leaked. Takes half a minute, and two fetches.",
    )
    .addHelpText("after", examples("lingpai revoke --config lingpai.yaml --environment production"))
    .action(async (flags: ClientFlags) =>
      exit(await (await import("./commands.ts")).runRevoke(flags, output)),
    );
  addReject(program, output, exit);
  addSeed(program, output, exit);
  withJson(withStore(program.command("unclaim")))
    .description("Gives up the claim of an environment that is gone.")
    .argument("<id>", "the credential, as lingpai status shows it")
    .addHelpText("after", examples(`lingpai unclaim wechat:plain:wx0123456789abcdef ${store}`))
    .action(async (id: string, flags: UnclaimFlags) =>
      exit(await (await import("./unclaim.ts")).runUnclaim(id, flags, output)),
    );
}

function addReject(program: Command, output: Output, exit: Exit): void {
  withJson(withApp(program.command("reject")))
    .description(
      "Reports a token that the platform refused. The platform is asked about it; a dead one is replaced for the whole fleet.",
    )
    .option("--token-file <file>", 'a file with the refused token; "-" reads it from stdin', "-")
    .option("--code <errcode>", "the platform's code, for the evidence: 40001")
    .addHelpText(
      "after",
      examples(
        "lingpai reject --config lingpai.yaml --environment production --code 40001 < token.txt",
      ),
    )
    .action(async (flags: RejectFlags) =>
      exit(await (await import("./commands.ts")).runReject(flags, output)),
    );
}

function addSeed(program: Command, output: Output, exit: Exit): void {
  withJson(withApp(program.command("seed")))
    .description("Stores a token that was obtained elsewhere, for the whole fleet.")
    .requiredOption("--expires-in <seconds>", "what was left of its life when it was obtained")
    .option("--age <seconds>", "how long ago that was", "0")
    .option("--token-file <file>", 'a file with the token; "-" reads it from stdin', "-")
    .addHelpText(
      "after",
      examples(
        "lingpai seed --config lingpai.yaml --environment production --expires-in 7200 < token.txt",
      ),
    )
    .action(async (flags: SeedFlags) =>
      exit(await (await import("./commands.ts")).runSeed(flags, output)),
    );
}
