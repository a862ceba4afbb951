/** The configuration of this process's environment: checked, complete, and safe to print. */
import { fingerprint, keyring, Secret } from "@lingpai/core";
import type { Keyring, OnConflict, Parameters } from "@lingpai/core";
import type { LayeredSetting } from "./layers.ts";
import type { AppSection, Section, StoreSection } from "./schema/schema.ts";
import { fieldAt } from "./schema/schema.ts";
import { webhookEvents } from "./schema/server-section.ts";
import type { ServerSection } from "./schema/server-section.ts";
import { pathText } from "./setting.ts";

/**
 * The configuration of one process. It is frozen. Logging, inspecting or serialising it shows no
 * secret.
 */
export interface Config {
  readonly environment: string;
  /** Names this process; undefined leaves it to {@link CredentialOptions.node}'s default. */
  readonly node: string | undefined;
  readonly store: StoreConfig;
  readonly apps: Readonly<Record<string, AppConfig>>;
  readonly server: ServerConfig;
  /** Each value with its origin, in the order of the sources. */
  readonly values: readonly ConfigValue[];
}

export interface StoreConfig {
  /** The store's URL, with user and password; undefined keeps tokens in this process. */
  readonly url: Secret | undefined;
  /** The URL without user and password, for logs: `redis://10.0.0.5:6379/0`. */
  readonly address: string | undefined;
  /** The segments that all keys begin with. */
  readonly prefix: readonly string[];
  /** The keys that seal what is stored; undefined stores it in clear. */
  readonly keyring: Keyring | undefined;
  readonly plaintext: "refuse" | "read";
}

export interface AppConfig {
  readonly appId: string;
  /** Undefined for a consumer that needs none. */
  readonly secret: Secret | undefined;
  readonly mode: "stable" | "plain";
  readonly overlapMs: number | undefined;
  readonly role: "owner" | "consumer";
  readonly onConflict: OnConflict | undefined;
  readonly standalone: "never" | "when-harmless" | "always" | undefined;
  readonly quotaPerDay: number | undefined;
  readonly baseUrl: string | undefined;
  readonly fingerprintKey: Secret | undefined;
  readonly parameters: Partial<Parameters>;
}

/** The settings of a token server, with their defaults. */
export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  readonly dataDirectory: string;
  readonly holdMs: number;
  readonly stopWithinMs: number;
  /** The files of the certificate and of its key; undefined for plain HTTP. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  readonly webhooks: Readonly<Record<string, WebhookConfig>>;
}

export interface WebhookConfig {
  readonly url: Secret;
  readonly secret: Secret;
  readonly events: readonly ("contended" | "quota-low" | "revoked")[];
}

/** One value and its origin. */
export interface ConfigValue {
  /** `apps.main.mode` */
  readonly path: string;
  /**
   * The value as it was written. For a secret, its fingerprint, which is valid in this process
   * only.
   */
  readonly value: string;
  /** `lingpai.yaml:12`, `LINGPAI_STORE_URL` */
  readonly place: string;
}

/**
 * Wraps secrets. `key` is random in each process, so that nobody can guess a short password from
 * its fingerprint.
 */
export interface Sealer {
  readonly key: string;
}

export interface ConfigParts {
  readonly environment: string;
  readonly section: Section;
  readonly settings: readonly LayeredSetting[];
}

export function configOf({ environment, section, settings }: ConfigParts, sealer: Sealer): Config {
  const apps: Record<string, AppConfig> = Object.create(null);
  for (const [name, app] of Object.entries(section.apps ?? {})) apps[name] = appConfig(app, sealer);
  return Object.freeze({
    environment,
    node: section.node,
    store: storeConfig(section.store ?? {}, sealer),
    apps: Object.freeze(apps),
    server: serverConfig(section.server ?? {}, sealer),
    values: Object.freeze(settings.map((setting) => valueOf(setting, sealer))),
  });
}

function secretOf(text: string, { key }: Sealer): Secret {
  return new Secret(text, fingerprint(key, text));
}

function storeConfig(
  { url, username, password, prefix, sealing }: StoreSection,
  sealer: Sealer,
): StoreConfig {
  const full = url === undefined ? undefined : new URL(url);
  if (full !== undefined && username !== undefined) full.username = encodeURIComponent(username);
  if (full !== undefined && password !== undefined) full.password = encodeURIComponent(password);
  const ring = sealing === undefined ? undefined : keyringOf(sealing.active, sealing.keys ?? {});
  return Object.freeze({
    url: full && secretOf(full.href, sealer),
    address: full && `${full.protocol}//${full.host}${full.pathname}`,
    prefix: Object.freeze(prefix === undefined ? [] : prefix.split(":")),
    keyring: ring,
    plaintext: sealing?.plaintext ?? "refuse",
  });
}

function keyringOf(
  active: string | undefined,
  keys: Readonly<Record<string, string>>,
): Keyring | undefined {
  const key = active === undefined ? undefined : keys[active];
  if (active === undefined || key === undefined) return undefined;
  const readable = Object.entries(keys).flatMap(([id, each]) =>
    id === active ? [] : [{ id, key: each }],
  );
  return keyring({ active: { id: active, key }, readable });
}

function appConfig(app: AppSection, sealer: Sealer): AppConfig {
  const {
    appId = "",
    secret,
    mode = "stable",
    role = "owner",
    fingerprintKey,
    parameters = {},
  } = app;
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return Object.freeze({
    appId,
    secret: secret === undefined ? undefined : secretOf(secret, sealer),
    mode,
    overlapMs: app.overlapMs,
    role,
    onConflict: app.onConflict,
    standalone: app.standalone,
    quotaPerDay: app.quotaPerDay,
    baseUrl: app.baseUrl,
    fingerprintKey: fingerprintKey === undefined ? undefined : secretOf(fingerprintKey, sealer),
    parameters: Object.freeze(Object.fromEntries(given)),
  });
}

function serverConfig(
  { webhooks = {}, tls, ...given }: ServerSection,
  sealer: Sealer,
): ServerConfig {
  const { certificate, key } = tls ?? {};
  const entries = Object.entries(webhooks).map(([name, { url = "", secret = "", events }]) => [
    name,
    Object.freeze({
      url: secretOf(url, sealer),
      secret: secretOf(secret, sealer),
      events: Object.freeze(webhookEvents.filter((each) => namesIn(events).includes(each))),
    }),
  ]);
  return Object.freeze({
    host: given.host ?? "127.0.0.1",
    port: given.port ?? 8_720,
    dataDirectory: given.dataDirectory ?? "lingpai-data",
    holdMs: given.holdMs ?? 300_000,
    stopWithinMs: given.stopWithinMs ?? 10_000,
    tls: certificate === undefined || key === undefined ? undefined : { certificate, key },
    webhooks: Object.freeze(Object.fromEntries(entries)),
  });
}

function namesIn(events: string | undefined): readonly string[] {
  return events?.split(",").map((each) => each.trim()) ?? webhookEvents;
}

function valueOf({ path, value, place }: LayeredSetting, sealer: Sealer): ConfigValue {
  const text = typeof value === "string" ? value : "";
  return Object.freeze({
    path: pathText(path),
    value: fieldAt(path)?.isSecret === true ? secretOf(text, sealer).toString() : text,
    place,
  });
}
