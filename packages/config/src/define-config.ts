/** The shape of a configuration file in TypeScript, checked by the compiler. */
import type { OnConflict, Parameters, Secret } from "@lingpai/core";

/**
 * What holds for all environments, and below `environments` what holds for one. Secrets are better
 * kept in another source.
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
 * Gives back what it was given, with its types checked: the default export of a
 * `lingpai.config.ts`, or what {@link objectSource} takes.
 */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}
