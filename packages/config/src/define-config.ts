/** The shape of a configuration file in TypeScript, checked by the compiler. */
import type { OnConflict, Parameters, Secret } from "@lingpai/core";

/**
 * Settings for all environments and, below `environments`, settings for one of them. Keep secrets
 * in another source.
 */
export interface ConfigInput extends SectionInput {
  readonly environments?: Readonly<Record<string, SectionInput>>;
}

export interface SectionInput {
  readonly node?: string;
  readonly store?: {
    readonly url?: string | Secret;
    readonly username?: string;
    readonly password?: string | Secret;
    readonly prefix?: string;
    readonly sealing?: {
      readonly active?: string;
      readonly keys?: Readonly<Record<string, string | Secret>>;
      readonly plaintext?: "refuse" | "read";
    };
  };
  readonly apps?: Readonly<Record<string, AppInput>>;
  /** For the token server; other processes ignore it. */
  readonly server?: ServerInput;
}

export interface ServerInput {
  readonly host?: string;
  readonly port?: number;
  readonly dataDirectory?: string;
  readonly holdMs?: number;
  readonly stopWithinMs?: number;
  readonly tls?: { readonly certificate?: string; readonly key?: string };
  readonly webhooks?: Readonly<
    Record<
      string,
      {
        readonly url?: string | Secret;
        readonly secret?: string | Secret;
        readonly events?: string;
      }
    >
  >;
}

export interface AppInput {
  readonly appId?: string;
  readonly secret?: string | Secret;
  readonly mode?: "stable" | "plain";
  readonly overlapMs?: number;
  readonly role?: "owner" | "consumer";
  readonly onConflict?: OnConflict;
  readonly standalone?: "never" | "when-harmless" | "always";
  readonly quotaPerDay?: number;
  readonly baseUrl?: string;
  readonly fingerprintKey?: string | Secret;
  readonly parameters?: Partial<Parameters>;
}

/**
 * Returns its argument, with its types checked. Use it for the default export of a
 * `lingpai.config.ts`, or for {@link objectSource}.
 */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}
