/**
 * The message of a webhook: an event, signed according to Standard Webhooks (standardwebhooks.com).
 */
import { createHmac } from "node:crypto";
import { ConfigurationError } from "@lingpai/core";
import type { LogEntry, LogEvent } from "@lingpai/event-log";
import type { Message } from "./send.ts";

export const webhookEvents = ["contended", "quota-low", "revoked"] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

/** An undelivered message, as it is stored. */
export interface Payload {
  /** The same at each attempt, so that receivers recognise repetitions. */
  readonly id: string;
  readonly type: WebhookEvent;
  readonly atMs: number;
  readonly event: LogEvent;
}

/** The use of the day's quota from which it counts as low, in percent. */
const lowPercent = 80;

/**
 * Returns the message for an entry of the log. Undefined if no webhook can be configured for it.
 */
export function payloadOf(entry: LogEntry): Payload | undefined {
  if (entry.kind === "gap") return undefined;
  const { atMs, event, id } = entry;
  const type = typeOf(event);
  return type && { id: `msg_${id}`, type, atMs, event };
}

function typeOf({ percent, type }: LogEvent): WebhookEvent | undefined {
  if (type === "contended" || type === "revoked") return type;
  const isLow = type === "quota-threshold" && Number(percent) >= lowPercent;
  return isLow ? "quota-low" : undefined;
}

/** Equal messages within a minute are sent once, because each replica reports the same event. */
export function subjectOf({ event, type }: Payload): string {
  return [type, event["ref"], event["state"], event["percent"]].join(" ");
}

/**
 * @param nowMs the wall clock of the attempt. Receivers refuse a message that is older than some
 *   minutes.
 */
export function messageOf(payload: Payload, key: Buffer, nowMs: number): Message {
  const { atMs, event, id, type } = payload;
  const { type: _type, ...data } = event;
  const body = JSON.stringify({ type, timestamp: new Date(atMs).toISOString(), data });
  const seconds = String(Math.floor(nowMs / 1_000));
  const signature = createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64");
  return {
    body,
    headers: {
      "webhook-id": id,
      "webhook-timestamp": seconds,
      "webhook-signature": `v1,${signature}`,
    },
  };
}

/** @throws {ConfigurationError} The secret is not `whsec_` and 24 to 96 bytes in base64. */
export function signingKey(secret: string): Buffer {
  const [, text = ""] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  const key = Buffer.from(text, "base64");
  if (key.length >= 24 && key.length <= 96) return key;
  throw new ConfigurationError(
    "A webhook's secret is `whsec_` and 24 to 96 bytes in base64: whsec_ and `openssl rand -base64 32`.",
  );
}
