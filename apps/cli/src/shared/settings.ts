/** The settings of a command, merged from its options, a file and the variables `LINGPAI_…`. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileSource, inStore, loadConfig, objectSource, variableSource } from "@lingpai/config";
import type { Config, ConfigSource } from "@lingpai/config";
import { ConfigurationError } from "@lingpai/core";
import { knownFacts, openStore, sealFileIn } from "@lingpai/token-server/store";
import type { OpenStore, OpenStoreOptions } from "@lingpai/token-server/store";

/** The settings of every command that opens a store. */
export interface StoreFlags {
  readonly store?: string;
  readonly environment?: string;
  readonly config?: string;
}

/** The further settings of a command that names an account. */
export interface AppFlags extends StoreFlags {
  readonly app?: string;
  readonly appId?: string;
  readonly mode?: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Variables of the commands themselves, which are no settings. */
export const commandVariables: readonly string[] = [
  "LINGPAI_APP",
  "LINGPAI_APP_ID",
  "LINGPAI_CONFIG_FILE",
  "LINGPAI_JSON",
  "LINGPAI_MODE",
  "LINGPAI_SEAL",
  "LINGPAI_STORE",
];

const defaultFile = "lingpai.yaml";

/**
 * Reads the file, or `lingpai.yaml` if it exists, then the variables, then the options.
 *
 * @throws {ConfigurationError} It lists every problem with its place and its remedy.
 */
export function readConfig(flags: AppFlags, env: Variables, secret?: string): Promise<Config> {
  const file = flags.config ?? (existsSync(defaultFile) ? defaultFile : undefined);
  const app = {
    ...(flags.appId !== undefined && { appId: flags.appId }),
    ...(flags.mode !== undefined && { mode: flags.mode }),
    ...(secret !== undefined && { secret }),
  };
  const isNamed = Object.keys(app).length > 0;
  const sources: readonly ConfigSource[] = [
    ...(file === undefined ? [] : [fileSource(file)]),
    variableSource({ env, foreign: commandVariables }),
    ...(isNamed
      ? [objectSource({ apps: { [flags.app ?? "main"]: app } }, { scope: "environment" })]
      : []),
  ];
  const environment = flags.environment ?? env["LINGPAI_ENVIRONMENT"];
  if (environment === undefined)
    throw new ConfigurationError(
      "No environment is named. Give --environment, or LINGPAI_ENVIRONMENT.",
    );
  return loadConfig({ environment, sources });
}

export interface OpenedStore {
  /**
   * The cache as the credentials use it: below the configured prefix, and sealed if there is a key.
   */
  readonly store: OpenStore;
  /** The segments of the configured prefix. */
  readonly prefix: readonly string[];
  readonly isSealed: boolean;
  /** The facts about accounts in the configuration. */
  readonly facts: ReturnType<typeof knownFacts>;
}

/**
 * Opens the store of `--store`, which LINGPAI_SEAL unseals. Without the option it opens the
 * configured store.
 *
 * @throws {ConfigurationError} No store is named.
 * @throws {CacheUnavailableError} Its file is missing.
 */
export async function openNamedStore(flags: StoreFlags, env: Variables): Promise<OpenedStore> {
  const { config: file, store: address } = flags;
  if (address !== undefined) {
    const seal = env["LINGPAI_SEAL"];
    return {
      store: await openStore(address, { seal, isOneShot: true }),
      prefix: [],
      isSealed: seal !== undefined,
      facts: {},
    };
  }
  const isConfigured =
    file !== undefined || existsSync(defaultFile) || env["LINGPAI_STORE_URL"] !== undefined;
  if (isConfigured)
    return openConfigured(await readConfig(flags, env), undefined, { isOneShot: true });
  const own = await serversOwn(dataDirectoryDefault);
  if (own === undefined)
    throw new ConfigurationError(
      "No store is named. Give --store redis://HOST:PORT, sqlite:FILE or postgres://…, or --config FILE.",
    );
  const store = await openStore(own.address, { seal: own.seal, isOneShot: true });
  return { store, prefix: [], isSealed: true, facts: {} };
}

/** Where `lingpai serve` keeps tokens if no store is configured. */
const dataDirectoryDefault = "lingpai-data";

/** The sealed file of a server without a configured store. Undefined if there is none. */
async function serversOwn(
  directory: string,
): Promise<{ readonly address: string; readonly seal: string } | undefined> {
  const file = join(directory, "lingpai.sqlite");
  if (!existsSync(file)) return undefined;
  return { address: `sqlite:${file}`, seal: (await sealFileIn(directory, file)).key };
}

/**
 * @param address replaces the configured one. `seal` is its key, if the configuration has none.
 * @throws {ConfigurationError} The configuration names no store, and no server has made one here.
 */
export async function openConfigured(
  config: Config,
  address?: string,
  {
    isOneShot = false,
    seal,
  }: Pick<OpenStoreOptions, "isOneShot"> & { readonly seal?: string } = {},
): Promise<OpenedStore> {
  const given = address ?? config.store.url?.reveal();
  const made = given === undefined ? await serversOwn(config.server.dataDirectory) : undefined;
  const named = given ?? made?.address;
  if (named === undefined)
    throw new ConfigurationError(
      "The configuration names no store. Set store.url, or give --store.",
    );
  const { keyring, prefix } = config.store;
  const own = keyring === undefined ? (seal ?? made?.seal) : undefined;
  const opened = await openStore(named, { seal: own, isOneShot });
  const isSealed = keyring !== undefined || own !== undefined;
  const facts = knownFacts(config);
  return { store: { ...opened, ...inStore(config, opened) }, prefix, isSealed, facts };
}

/**
 * @throws {ConfigurationError} There is no app of this name, or there are several and none is
 *   named.
 */
export function appNameIn(config: Config, named: string | undefined): string {
  const names = Object.keys(config.apps);
  const [only = "main"] = names;
  if (named === undefined && names.length > 1)
    throw new ConfigurationError(`Name one of the apps with --app: ${names.join(", ")}.`);
  return named ?? only;
}
