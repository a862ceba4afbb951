/** `lingpai status`: shows the contents of a store, and fetches nothing. */
import { exitCodes, guarded } from "../shared/exit-code.ts";
import type { ExitCode } from "../shared/exit-code.ts";
import type { Output } from "../shared/output.ts";
import { openNamedStore } from "../shared/settings.ts";
import type { StoreFlags } from "../shared/settings.ts";
import { readStatus } from "./read-status.ts";
import { renderStatus } from "./render-status.ts";

export interface StatusFlags extends StoreFlags {
  readonly json?: true;
}

/** Returns the exit code: 0 healthy, 1 findings, 2 wrong options, 3 the store cannot be reached. */
export function runStatus(
  flags: StatusFlags,
  output: Output,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ExitCode> {
  return guarded(output, async () => {
    const { store } = await openNamedStore(flags, env);
    try {
      const credentials = await readStatus(store.cache, flags.environment);
      output.out(
        flags.json ? JSON.stringify({ credentials }, undefined, 2) : renderStatus(credentials),
      );
      const isHealthy = credentials.every(({ findings }) => findings.length === 0);
      return isHealthy ? exitCodes.healthy : exitCodes.findings;
    } finally {
      await store.close();
    }
  });
}
