/** What a webhook is sent: an event, signed as Standard Webhooks (standardwebhooks.com) has it. */
import { createHmac } from "node:crypto";
import { ConfigurationError } from "@lingpai/core";
import type { LogEntry, LogEvent } from "@lingpai/event-log";
import type { Message } from "./send.ts";

export const webhookEvents = ["contended", "quota-low", "revoked"] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

/** A message that is due, as it is stored until it is delivered. */
export interface Payload {
  /** The same at each attempt: receivers know repeats by it. */
  readonly id: string;
  readonly type: WebhookEvent;
  readonly atMs: number;
  readonly event: LogEvent;
}

/** A day's use from which the quota is low, in percent. */
const lowPercent = 80;

/** What is told of an entry of the log; undefined for what no webhook is for. */
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

/** Equal ones within a minute are one message: each replica reports what it sees. */
export function subjectOf({ event, type }: Payload): string {
  return [type, event["ref"], event["state"], event["percent"]].join(" ");
}

/** @param nowMs the wall clock of the attempt: receivers refuse what is older than some minutes. */
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

/** @throws {ConfigurationError} it is not `whsec_` and 24 to 96 bytes in base64. */
export function signingKey(secret: string): Buffer {
  const [, text = ""] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  const key = Buffer.from(text, "base64");
  if (key.length >= 24 && key.length <= 96) return key;
  throw new ConfigurationError(
    "A webhook's secret is `whsec_` and 24 to 96 bytes in base64: whsec_ and `openssl rand -base64 32`.",
  );
}
