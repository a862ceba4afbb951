/** The one description of all settings: their names, kinds and purposes. */
import type { OnConflict, Parameters } from "@lingpai/core";
import { z } from "zod";
import { field, label, ms, notes, secret } from "./field.ts";
import type { FieldNote } from "./field.ts";
import { server } from "./server-section.ts";
import type { ServerSection } from "./server-section.ts";
import {
  appSecret,
  fraction,
  matching,
  oneOf,
  platformUrl,
  sealingKey,
  settingsExpected,
  storeUrl,
  text,
  whole,
} from "./values.ts";

export type { FieldNote } from "./field.ts";

/** The parsed configuration of one environment, without defaults. */
export interface Section {
  readonly node?: string | undefined;
  readonly store?: StoreSection | undefined;
  readonly apps?: Readonly<Record<string, AppSection>> | undefined;
  readonly server?: ServerSection | undefined;
}

export interface StoreSection {
  readonly url?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly prefix?: string | undefined;
  readonly sealing?: SealingSection | undefined;
}

export interface SealingSection {
  readonly active?: string | undefined;
  readonly keys?: Readonly<Record<string, string>> | undefined;
  readonly plaintext?: "refuse" | "read" | undefined;
}

export interface AppSection {
  readonly appId?: string | undefined;
  readonly secret?: string | undefined;
  readonly mode?: "stable" | "plain" | undefined;
  readonly overlapMs?: number | undefined;
  readonly role?: "owner" | "consumer" | undefined;
  readonly onConflict?: OnConflict | undefined;
  readonly standalone?: "never" | "when-harmless" | "always" | undefined;
  readonly quotaPerDay?: number | undefined;
  readonly baseUrl?: string | undefined;
  readonly fingerprintKey?: string | undefined;
  readonly parameters?: { readonly [Name in keyof Parameters]?: number | undefined } | undefined;
}

const parameters = z.strictObject(
  {
    fetchDeadlineMs: ms("How long one request to the platform may take"),
    storeDeadlineMs: ms("How long one store command may take"),
    leaseMs: ms("Length of the refresh lease"),
    networkDelayMs: ms("How long a sent request may stay in flight, at most"),
    drainMs: ms("How long after its intent a request may still be processed"),
    recheckMs: ms("How often a node re-reads the store outside the refresh window"),
    recheckDueMs: ms("How often a node re-reads the store inside the refresh window"),
    longestCallMs: ms("The longest business call that may carry a token"),
    reconcileMs: ms("How long after a doubt the reconciling refresh is due"),
    advisoryMs: ms("How long before expiry a refresh may start"),
    mandatoryMs: ms("How long before expiry a refresh must have started"),
    skewMarginMs: ms("How long before its end a token is no longer served"),
    waitMs: ms("How long a call waits for a token when there is none"),
    attemptsMax: field(whole(1, 10), "Requests that one lease may make while the platform is busy"),
    fleetSize: field(whole(1), "About how many nodes share a token"),
    quotaPerDay: field(whole(20), "Fetches a day, if it differs from the platform's quota"),
    quotaReserve: field(fraction(0.9), "The share of the quota that is kept for emergencies"),
  } satisfies Record<keyof Parameters, z.ZodType>,
  settingsExpected,
);

const app = z.strictObject(
  {
    appId: field(
      matching(
        /^(?![0-9a-fA-F]{32}$)[0-9A-Za-z_-]{8,128}$/,
        "an AppID: letters and digits, and not a secret",
      ),
      "The AppID",
    ),
    secret: secret(appSecret(), "The AppSecret. A consumer needs none"),
    mode: field(
      oneOf("stable", "plain"),
      "Which of the account's two tokens is used. Default: stable",
    ),
    overlapMs: field(
      whole(0, 7_200_000),
      "How long the platform honours the previous plain token, in ms. Default: 300000",
    ),
    role: field(
      oneOf("owner", "consumer"),
      "An owner refreshes, a consumer only reads. Default: owner",
    ),
    onConflict: field(
      oneOf("error", "warn", "consume", "coexist"),
      "What to do when another environment has claimed the AppID. Default: error; stable: coexist",
    ),
    standalone: field(
      oneOf("never", "when-harmless", "always"),
      "When to fetch while the store is unreachable. Default: when-harmless",
    ),
    quotaPerDay: field(whole(20), "Fetches a day that the platform grants"),
    baseUrl: field(platformUrl(), "The platform's address. Default: https://api.weixin.qq.com"),
    fingerprintKey: secret(
      text({ allowsFullWidth: true }),
      "Keys the fingerprints of tokens in the store. Default: the credential's id",
    ),
    parameters: parameters.optional(),
  } satisfies Record<keyof AppSection, z.ZodType>,
  settingsExpected,
);

const sealing = z.strictObject(
  {
    active: field(
      matching(/^[A-Za-z0-9_-]{1,32}$/, "the id of one of the keys"),
      "The id of the key that seals new entries",
    ),
    keys: z
      .record(
        matching(/^[A-Za-z0-9_-]{1,32}$/, "1 to 32 characters of A-Za-z0-9_- as the key's id"),
        sealingKey().register(notes, {
          about: "A key of 32 bytes, by its id: `openssl rand -base64 32`",
          isSecret: true,
        }),
        settingsExpected,
      )
      .optional(),
    plaintext: field(
      oneOf("refuse", "read"),
      "What to do with entries from before sealing. Default: refuse",
    ),
  } satisfies Record<keyof SealingSection, z.ZodType>,
  settingsExpected,
);

const store = z.strictObject(
  {
    url: secret(storeUrl(), "The store's URL. Without one, tokens are kept in this process"),
    username: field(text(), "The store's user, if the URL has none"),
    password: secret(text({ allowsFullWidth: true }), "The store's password, if the URL has none"),
    prefix: field(text(), "The prefix of all keys; `:` separates its segments"),
    sealing: sealing.optional(),
  } satisfies Record<keyof StoreSection, z.ZodType>,
  settingsExpected,
);

const section = z.strictObject(
  {
    node: field(
      label(),
      "Names this process in events and in the store. Default: host name, process id and four characters",
    ),
    store: store.optional(),
    apps: z
      .record(
        matching(
          /^[a-z0-9]+(-[a-z0-9]+)*$/,
          "a name of lower-case letters and digits, with - between",
        ),
        app,
        settingsExpected,
      )
      .optional(),
    server: server.optional(),
  } satisfies Record<keyof Section, z.ZodType>,
  settingsExpected,
);

/** An issue as the schema library reports it. All unknown names of one mapping are one issue. */
export interface SchemaIssue {
  readonly path: readonly string[];
  readonly message: string;
  readonly unknown: readonly string[] | undefined;
}

/** Parses one environment's settings. Returns a section exactly if there is no issue. */
export function parseSection(tree: unknown): {
  readonly section: Section | undefined;
  readonly issues: readonly SchemaIssue[];
} {
  const result = section.safeParse(tree);
  const issues = (result.error?.issues ?? []).map((issue): SchemaIssue => ({
    path: issue.path.map(String),
    // A record reports a refused name as an issue of the record, with the name's own issues inside.
    message:
      issue.code === "invalid_key"
        ? `is not a valid name. ${lastSentence(issue.issues[0]?.message)}`
        : issue.message,
    unknown: issue.code === "unrecognized_keys" ? issue.keys : undefined,
  }));
  return { section: result.data, issues };
}

function lastSentence(message = ""): string {
  return message.slice(message.lastIndexOf(". ") + 1).trim();
}

/** One setting. `*` in its path stands for a name that the user chose. */
export interface Field extends FieldNote {
  readonly path: readonly string[];
}

/** All settings of an environment, in the order of the schema. */
export const fields: readonly Field[] = fieldsOf(section, []);

function fieldsOf(schema: z.core.$ZodType, path: readonly string[]): readonly Field[] {
  const note = notes.get(schema);
  if (note !== undefined) return [{ path, ...note }];
  if (schema instanceof z.ZodOptional) return fieldsOf(schema.unwrap(), path);
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).flatMap(([name, value]) =>
      fieldsOf(value, [...path, name]),
    );
  }
  if (schema instanceof z.ZodRecord) return fieldsOf(schema.valueType, [...path, "*"]);
  return [];
}

/**
 * Returns the field at this path of a section, or of a source's `environments.<name>`. Undefined
 * for an unknown path.
 */
export function fieldAt(written: readonly string[]): Field | undefined {
  const path = written[0] === "environments" ? written.slice(2) : written;
  return fields.find(
    (each) =>
      each.path.length === path.length &&
      each.path.every((name, index) => name === "*" || name === path[index]),
  );
}

/**
 * Returns the names that are allowed below this path. Undefined where users choose the names, and
 * for an unknown path.
 */
export function namesBelow(path: readonly string[]): readonly string[] | undefined {
  const below = fields.filter(
    (each) =>
      each.path.length > path.length &&
      path.every((name, index) => each.path[index] === "*" || each.path[index] === name),
  );
  const names = [...new Set(below.map((each) => each.path[path.length] ?? ""))];
  return names.length === 0 || names.includes("*") ? undefined : names;
}
