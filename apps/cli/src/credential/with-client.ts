/** A client of one account, for a command that makes one request and exits. */
import { appOptions } from "@lingpai/config";
import { wechat } from "@lingpai/wechat";
import type { Wechat } from "@lingpai/wechat";
import { guarded } from "../shared/exit-code.ts";
import type { ExitCode } from "../shared/exit-code.ts";
import type { Output } from "../shared/output.ts";
import { readSecret } from "../shared/read-secret.ts";
import { appNameIn, openConfigured, readConfig } from "../shared/settings.ts";
import type { AppFlags } from "../shared/settings.ts";

export interface ClientFlags extends AppFlags {
  readonly secretFile?: string;
  readonly json?: true;
}

export type Variables = Readonly<Record<string, string | undefined>>;

function sealOf(env: Variables): { readonly seal?: string } {
  const seal = env["LINGPAI_SEAL"];
  return seal === undefined ? {} : { seal };
}

/** Opens the store and the client according to the options, does the work, and closes both. */
export function withClient(
  flags: ClientFlags,
  output: Output,
  env: Variables,
  work: (client: Wechat) => Promise<ExitCode>,
): Promise<ExitCode> {
  return guarded(output, async () => {
    const { secretFile } = flags;
    const secret =
      secretFile === undefined ? undefined : await readSecret(secretFile, "the AppSecret");
    const config = await readConfig(flags, env, secret);
    const app = appNameIn(config, flags.app);
    const { store } = await openConfigured(config, flags.store, sealOf(env));
    try {
      const { cache, lock } = store;
      const client = wechat({ ...appOptions(config, app), cache, lock });
      try {
        return await work(client);
      } finally {
        await client.close();
      }
    } finally {
      await store.close();
    }
  });
}
