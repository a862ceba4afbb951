/** Signs a page for WeChat's JS-SDK. */
import { createHash } from "node:crypto";
import { ConfigurationError, requireOptions } from "@lingpai/core";
import type { CallOptions, Clock, Credential, KindsOf, Random } from "@lingpai/core";

export interface JsSdkSignatureInput {
  /** A jsapi ticket. */
  readonly ticket: string;
  readonly nonceStr: string;
  /** Seconds since the Unix epoch. */
  readonly timestamp: number;
  /** The page's address exactly as the browser shows it. A fragment is left out. */
  readonly url: string;
}

/** The arguments of `wx.config`, except the list of APIs. */
export interface JsSdkConfig {
  readonly appId: string;
  readonly timestamp: number;
  readonly nonceStr: string;
  readonly signature: string;
}

/**
 * The signature that `wx.config` checks: 40 hexadecimal digits. The address is signed as it is
 * given, not normalised, because the browser compares it as text.
 */
export function jsSdkSignature(input: JsSdkSignatureInput): string {
  requireOptions("jsSdkSignature()", input, {
    nonceStr: "text",
    ticket: "text",
    timestamp: "whole",
    url: "text",
  } satisfies KindsOf<JsSdkSignatureInput>);
  const { ticket, nonceStr, timestamp, url } = input;
  if (typeof url !== "string")
    throw new ConfigurationError("url must be the page's address, a text.");
  const page = url.split("#", 1)[0] ?? "";
  return createHash("sha1")
    .update(`jsapi_ticket=${ticket}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${page}`)
    .digest("hex");
}

/** The part of a JS-SDK configuration that is the same for `wx.config` and `wx.agentConfig`. */
export type PageSignature = Omit<JsSdkConfig, "appId">;

/** Signs the page with the ticket of this credential, now, with a new nonce. */
export async function signPage(
  ticket: Credential,
  url: string,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  call?: CallOptions,
): Promise<PageSignature> {
  const text = (await ticket.get(call)).reveal();
  const nonceStr = random.id();
  const timestamp = Math.floor(clock.wallMs() / 1000);
  const signature = jsSdkSignature({ ticket: text, nonceStr, timestamp, url });
  return { timestamp, nonceStr, signature };
}
