/**
 * Pushes to an account's own server: users' messages and events, in the console's three modes and
 * two formats.
 */
import type { Context } from "../ledger/context.ts";
import type { MessageKeys } from "./push.ts";
import { sealText, signatureOf } from "./push.ts";

export interface AccountPushOptions extends MessageKeys {
  /** The AppID; in WeCom the corp id. */
  readonly receiver: string;
  readonly mode?: "plain" | "compatible" | "safe";
  readonly format?: "xml" | "json";
}

export interface AccountPush {
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One message, ready to be POSTed. `text` is its document, in the given format. */
export function accountPush(
  { context }: { readonly context: Context },
  text: string,
  options: AccountPushOptions,
): AccountPush {
  const { receiver, mode = "safe", format = "xml" } = options;
  const sealed = sealText(context, options, text, {
    appId: receiver,
    infoType: "",
    tag: "ToUserName",
    format,
  });
  if (mode === "safe") return { query: sealed.query, body: sealed.body };
  const { timestamp = "", nonce = "" } = sealed.query;
  if (mode === "plain")
    return {
      query: { timestamp, nonce, signature: signatureOf(options.token, timestamp, nonce) },
      body: text,
    };
  return {
    query: sealed.query,
    body: format === "json" ? mergedJson(text, sealed.body) : mergedXml(text, sealed.body),
  };
}

/** One document with the message in clear and encrypted. */
function mergedXml(text: string, sealed: string): string {
  const encrypted = /<Encrypt>.*<\/Encrypt>/.exec(sealed)?.[0] ?? "";
  return text.replace(/<\/xml>\s*$/, `${encrypted}</xml>`);
}

function mergedJson(text: string, sealed: string): string {
  const { Encrypt } = JSON.parse(sealed) as { readonly Encrypt: string };
  return JSON.stringify({ ...(JSON.parse(text) as object), Encrypt });
}
