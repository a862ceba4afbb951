/** `lingpai unclaim`: gives up the claim of an environment that no longer exists. */
import { ConfigurationError, releaseClaim } from "@lingpai/core";
import { exitCodes, guarded } from "../shared/exit-code.ts";
import type { ExitCode } from "../shared/exit-code.ts";
import type { Output } from "../shared/output.ts";
import { openNamedStore } from "../shared/settings.ts";
import type { StoreFlags } from "../shared/settings.ts";

export interface UnclaimFlags extends StoreFlags {
  readonly json?: true;
}

export function runUnclaim(
  id: string,
  flags: UnclaimFlags,
  output: Output,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ExitCode> {
  return guarded(output, async () => {
    const { environment } = flags;
    if (environment === undefined)
      throw new ConfigurationError("Name the environment that is gone: --environment.");
    const { store } = await openNamedStore(flags, env);
    try {
      const released = await releaseClaim(store.cache, id, environment);
      if (flags.json) output.out(JSON.stringify({ id, environment, released }));
      else
        output.err(
          released
            ? `"${environment}" has no claim on ${id} any more. A node of it that still runs claims it again.`
            : `"${environment}" has no claim on ${id}. lingpai status lists the claims.`,
        );
      return released ? exitCodes.healthy : exitCodes.findings;
    } finally {
      await store.close();
    }
  });
}
