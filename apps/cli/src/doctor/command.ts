/** `lingpai doctor`: shows the faults of a store and their remedies. Fetches nothing. */
import { applyFix, diagnose } from "@lingpai/doctor";
import type { DiagnoseOptions, Diagnosis } from "@lingpai/doctor";
import { exitCodes, guarded } from "../shared/exit-code.ts";
import type { ExitCode } from "../shared/exit-code.ts";
import type { Output } from "../shared/output.ts";
import { openNamedStore } from "../shared/settings.ts";
import type { StoreFlags } from "../shared/settings.ts";
import { withProgress } from "../shared/progress.ts";
import { renderDiagnosis } from "./render-diagnosis.ts";
import type { Screen } from "./render-diagnosis.ts";

export interface DoctorFlags extends StoreFlags {
  readonly json?: true;
  readonly fix?: true;
  readonly all?: true;
}

/** Twenty-four lines fit the first screen of every terminal. */
const firstScreen = { columns: 80, rows: 24 };

export function runDoctor(
  flags: DoctorFlags,
  output: Output,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ExitCode> {
  return guarded(output, async () => {
    const { facts, isSealed, prefix, store } = await openNamedStore(flags, env);
    try {
      const options: DiagnoseOptions = {
        cache: store.cache,
        lock: store.lock,
        isSealed,
        prefix,
        facts,
        variables: env,
        ...(store.redis && { redis: store.redis }),
        ...(flags.environment !== undefined && { environment: flags.environment }),
      };
      let diagnosis = await withProgress("Looking at the store", diagnose(options));
      if (flags.fix && (await fixed(diagnosis, options, output)))
        diagnosis = await diagnose(options);
      output.out(
        flags.json ? JSON.stringify(diagnosis) : renderDiagnosis(diagnosis, screen(flags)),
      );
      return codeOf(diagnosis);
    } finally {
      await store.close();
    }
  });
}

function screen({ all }: DoctorFlags): Screen {
  const columns = Math.min(100, process.stdout.columns ?? firstScreen.columns);
  return { columns, rows: all ? Number.POSITIVE_INFINITY : firstScreen.rows };
}

function codeOf({ isHealthy, results }: Diagnosis): ExitCode {
  const refused = results.find(({ id }) => id === "platform-refuses");
  if (refused?.status === "finding") return exitCodes.platformRefused;
  return isHealthy ? exitCodes.healthy : exitCodes.findings;
}

/** Makes every reversible change, and prints how to undo it. True if there was one. */
async function fixed(
  { results }: Diagnosis,
  options: DiagnoseOptions,
  { err }: Output,
): Promise<boolean> {
  let isChanged = false;
  for (const { fix, id } of results) {
    if (fix === undefined) continue;
    try {
      for (const line of await applyFix(id, options)) {
        isChanged = true;
        err(`Mended ${id}: ${line}`);
      }
    } catch (error) {
      err(`lingpai: ${id} was not mended: ${error instanceof Error ? error.message : "unknown"}`);
    }
  }
  if (!isChanged) err("There is nothing here that could be mended and undone.");
  return isChanged;
}
