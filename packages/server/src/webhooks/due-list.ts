/** The stored state of one webhook: its undelivered messages, and how an attempt changes them. */
import { z } from "zod";
import type { LogEntry } from "@lingpai/event-log";
import { payloadOf, subjectOf, webhookEvents } from "./message.ts";
import type { Payload, WebhookEvent } from "./message.ts";

export interface DueMessage {
  readonly payload: Payload;
  readonly attempts: number;
  /** Store time. */
  readonly nextAtMs: number;
}

export interface DueList {
  readonly v: 1;
  /** The last event of the log that was processed. Null while the log is empty. */
  readonly position: string | null;
  readonly due: readonly DueMessage[];
  /** When a message of a subject was last accepted, within the last minute. */
  readonly recent: Readonly<Record<string, number>>;
}

const payload: z.ZodType<Payload> = z.object({
  id: z.string(),
  type: z.enum(webhookEvents),
  atMs: z.number(),
  event: z.object({ type: z.string() }).catchall(z.union([z.string(), z.number(), z.boolean()])),
});

export const dueList: z.ZodType<DueList> = z.object({
  v: z.literal(1),
  position: z.string().nullable(),
  due: z.array(z.object({ payload, attempts: z.number(), nextAtMs: z.number() })),
  recent: z.record(z.string(), z.number()),
});

const repeatMs = 60_000;
/** The most messages that are kept for an unreachable receiver. The oldest are dropped. */
const dueMax = 100;
/** The pause after each attempt but the last, in seconds: together about a day and a half. */
const pausesS = [5, 30, 300, 1_800, 7_200, 18_000, 36_000, 50_400];

export function emptyList(position: string | undefined): DueList {
  return { v: 1, position: position ?? null, due: [], recent: {} };
}

export interface Taken {
  readonly list: DueList;
  /** The messages that were dropped. */
  readonly dropped: number;
}

/** Adds the messages of these entries. */
export function take(
  list: DueList,
  entries: readonly LogEntry[],
  {
    events,
    nowMs,
    position,
  }: {
    readonly events: readonly WebhookEvent[];
    readonly nowMs: number;
    readonly position: string | undefined;
  },
): Taken {
  const recent = Object.fromEntries(
    Object.entries(list.recent).filter(([, atMs]) => Math.abs(nowMs - atMs) < repeatMs),
  );
  const due = [...list.due];
  for (const entry of entries) {
    const made = payloadOf(entry);
    if (made === undefined || !events.includes(made.type)) continue;
    const subject = subjectOf(made);
    const isKnown = due.some((each) => each.payload.id === made.id);
    if (isKnown || Math.abs(made.atMs - (recent[subject] ?? -repeatMs)) < repeatMs) continue;
    recent[subject] = made.atMs;
    due.push({ payload: made, attempts: 0, nextAtMs: nowMs });
  }
  const dropped = Math.max(0, due.length - dueMax);
  const next = { v: 1 as const, position: position ?? list.position, due, recent };
  return { list: { ...next, due: due.slice(dropped) }, dropped };
}

export interface Attempted {
  readonly list: DueList;
  readonly outcome: "delivered" | "later" | "given-up";
}

/**
 * Returns the state after an attempt.
 *
 * @param reply undefined if there was no answer.
 * @param jitter from 0 to 1.
 */
export function settle(
  list: DueList,
  { payload: { id }, attempts }: DueMessage,
  {
    jitter,
    nowMs,
    reply,
  }: {
    readonly jitter: number;
    readonly nowMs: number;
    readonly reply: { readonly status: number; readonly retryAfterMs: number } | undefined;
  },
): Attempted {
  const rest = list.due.filter((each) => each.payload.id !== id);
  const isDelivered = reply !== undefined && reply.status >= 200 && reply.status < 300;
  if (isDelivered) return { list: { ...list, due: rest }, outcome: "delivered" };
  const pauseS = pausesS[attempts];
  // 410 means that the receiver was removed permanently.
  if (pauseS === undefined || reply?.status === 410)
    return { list: { ...list, due: rest }, outcome: "given-up" };
  const pauseMs = Math.max(pauseS * 1_000 * (0.8 + 0.4 * jitter), reply?.retryAfterMs ?? 0);
  const due = list.due.map((each) =>
    each.payload.id === id
      ? { ...each, attempts: attempts + 1, nextAtMs: nowMs + Math.round(pauseMs) }
      : each,
  );
  return { list: { ...list, due }, outcome: "later" };
}
