/** `lingpai config check`: every problem of a configuration, with its place and its remedy. */
import { InvalidConfigError, problemText } from "@lingpai/config";
import Table from "cli-table3";
import { exitCodes, guarded } from "../shared/exit-code.ts";
import type { ExitCode } from "../shared/exit-code.ts";
import type { Output } from "../shared/output.ts";
import { readConfig } from "../shared/settings.ts";
import type { AppFlags } from "../shared/settings.ts";

export interface ConfigFlags extends Pick<AppFlags, "config" | "environment"> {
  readonly json?: true;
}

/** Exits with 0 for a good configuration and 1 with problems. Prints no secret. */
export function runConfigCheck(
  flags: ConfigFlags,
  output: Output,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ExitCode> {
  return guarded(output, async () => {
    try {
      const { environment, values } = await readConfig(flags, env);
      if (flags.json) output.out(JSON.stringify({ environment, problems: [], values }));
      else {
        output.out(tableOf(values));
        output.err(`The configuration of "${environment}" has no problem.`);
      }
      return exitCodes.healthy;
    } catch (error) {
      if (!(error instanceof InvalidConfigError)) throw error;
      const { problems } = error;
      if (flags.json) output.out(JSON.stringify({ problems }));
      else for (const problem of problems) output.out(problemText(problem));
      return exitCodes.findings;
    }
  });
}

function tableOf(values: Awaited<ReturnType<typeof readConfig>>["values"]): string {
  const table = new Table({ head: ["setting", "value", "from"], style: { head: [], border: [] } });
  table.push(...values.map(({ path, place, value }) => [path, value, place]));
  return table.toString();
}
