/**
 * The kinds of values, as schemas over text. Their messages are predicates with a remedy, and show
 * at most four characters of a value.
 */
import { keyring } from "@lingpai/core";
import { z } from "zod";
import { suggestionFor } from "../text/suggest.ts";
import { excerpt, flawOf } from "../text/pasted-text.ts";

/** Text without invisible characters, surrounding white space, or full-width characters. */
export function text(
  options: { readonly allowsFullWidth?: boolean } = {},
): z.ZodType<string, string> {
  return z.string({ error: ({ input }) => whatStands(input) }).superRefine((value, context) => {
    const flaw = flawOf(value, options);
    if (flaw !== undefined) context.addIssue({ code: "custom", message: `${flaw}.` });
  });
}

/** Text of a known form. `expected` ends the sentence "Give …". */
export function matching(pattern: RegExp, expected: string): z.ZodType<string, string> {
  return text().pipe(
    z
      .string()
      .regex(pattern, { error: ({ input }) => `is ${excerpt(String(input))}. Give ${expected}.` }),
  );
}

export function oneOf<const Name extends string>(
  ...names: readonly Name[]
): z.ZodType<Name, string> {
  const list = names.map((name) => `"${name}"`);
  const last = list.pop();
  return text().pipe(
    z.enum(names, {
      error: ({ input }) => {
        const meant = suggestionFor(String(input), names);
        return `is ${excerpt(String(input))}. Give ${list.join(", ")} or ${last}${meant === undefined ? "" : `; "${meant}" was probably meant`}.`;
      },
    }),
  );
}

/** A whole number from `min` to `max`, in digits that `_` may separate. */
export function whole(
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): z.ZodType<number, string> {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  const error = `is not a whole number ${range}. Give digits without a unit, such as 300000.`;
  return text().pipe(
    z
      .string()
      .regex(/^\d+(_\d+)*$/, { error })
      .transform((digits) => Number(digits.replaceAll("_", "")))
      .pipe(z.number().min(min, { error }).max(max, { error })),
  );
}

/** A fraction from 0 to `max`. */
export function fraction(max: number): z.ZodType<number, string> {
  const error = `is not a number from 0 to ${max}. Give one such as 0.1.`;
  return text().pipe(
    z
      .string()
      .regex(/^(0|1|0?\.\d+)$/, { error })
      .transform(Number)
      .pipe(z.number().max(max, { error })),
  );
}

/** An AppSecret, whose form no platform documents. Nothing of it is shown. */
export function appSecret(): z.ZodType<string, string> {
  return text().superRefine((value, context) => {
    if (/^[\x21-\x7e]{8,512}$/.test(value) && !/^(<.*>|\$\{.*\}|\{\{.*\}\})$/.test(value)) return;
    const wrong = /^[\x21-\x7e]*$/.test(value)
      ? `has ${value.length} characters`
      : "has a character that no AppSecret has";
    context.addIssue({
      code: "custom",
      message: `${wrong}. Copy the AppSecret from the platform's console: 32 digits and letters are usual.`,
    });
  });
}

/** 32 bytes as hexadecimal or base64 text. Nothing of it is shown. */
export function sealingKey(): z.ZodType<string, string> {
  return text().superRefine((value, context) => {
    try {
      keyring({ active: { id: "key", key: value } });
    } catch {
      context.addIssue({
        code: "custom",
        message: "is not a key of 32 bytes. Generate one with: openssl rand -base64 32",
      });
    }
  });
}

/** The schemes of the stores that Lingpai has adapters for, directly or through Keyv. */
const schemes = [
  "redis",
  "rediss",
  "valkey",
  "valkeys",
  "redis-sentinel",
  "rediss-sentinel",
  "redis-cluster",
  "rediss-cluster",
  "postgres",
  "postgresql",
  "mysql",
  "mariadb",
  "mongodb",
  "mongodb+srv",
] as const;
const otherSchemes = ["sqlite", "etcd", "http", "https", "memory"] as const;

/**
 * The URL of a store. It may contain a password, so messages show nothing of it but an unknown
 * scheme.
 */
export function storeUrl(): z.ZodType<string, string> {
  const all = [...schemes, ...otherSchemes];
  return text({ allowsFullWidth: true }).superRefine((value, context) => {
    const refuse = (what: string): void =>
      context.addIssue({ code: "custom", message: `${what}, such as redis://10.0.0.5:6379/0.` });
    const scheme = /^([a-z][a-z0-9+.-]{0,15}):/.exec(value)?.[1];
    if (!URL.canParse(value) || scheme === undefined) return refuse("is not a URL. Give one");
    if (all.some((known) => known === scheme)) return;
    const meant = suggestionFor(scheme, all);
    return refuse(
      meant === undefined
        ? "does not begin with the scheme of a store that Lingpai knows. Give a URL"
        : `has an unknown scheme; "${meant}:" was probably meant. Give a URL`,
    );
  });
}

/** An origin that secrets may be sent to. */
export function platformUrl(): z.ZodType<string, string> {
  return text().superRefine((value, context) => {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    const isLoopback =
      url !== undefined && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
    if (url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback)) return;
    context.addIssue({
      code: "custom",
      message: 'is not an https: address. Give one such as "https://api.weixin.qq.com".',
    });
  });
}

/** Where a webhook is sent. Its path may hold a password, so nothing of it is shown. */
export function webhookUrl(): z.ZodType<string, string> {
  return text({ allowsFullWidth: true }).superRefine((value, context) => {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    const isPlain = url?.username === "" && url.password === "" && url.hash === "";
    if (isPlain && ["https:", "http:"].includes(url.protocol)) return;
    context.addIssue({
      code: "custom",
      message:
        "is not a web address without a user and password. Give one such as https://hooks.example.com/lingpai.",
    });
  });
}

/** The messages for a place that needs a mapping of settings and has something else. */
export const settingsExpected: {
  readonly error: (issue: { readonly input?: unknown }) => string | undefined;
} = {
  error: ({ input }) => {
    if (typeof input === "string")
      return "is one value where settings are expected. Put the settings below it.";
    return isMapping(input) ? undefined : whatStands(input);
  },
};

/** Returns the message for a value that is not text. */
function whatStands(input: unknown): string {
  if (input === undefined) return "is missing.";
  if (input === null) return "has no value. Give it one, or remove it.";
  if (Array.isArray(input)) return "is a list, and no setting takes a list. Give one value.";
  if (isMapping(input)) return "has settings below it where one value is expected.";
  return `is a ${typeof input}. Give text or a number.`;
}

function isMapping(input: unknown): boolean {
  return typeof input === "object" && input !== null && !Array.isArray(input);
}
