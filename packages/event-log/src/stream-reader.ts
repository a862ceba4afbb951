/** Reads a stream from an id on, and reports gaps. */
import { emptyChunk } from "./documents.ts";
import type { ChunkEntry, Index, LogEvent, StoredRecord } from "./documents.ts";
import { formatEventId, parseEventId } from "./event-id.ts";
import type { EventPlace } from "./event-id.ts";
import type { StreamStore } from "./stream-store.ts";

/** The reserved type of the record in which a writer notes that it had to drop events. */
export const lostType = "events-lost";

/**
 * - `expired`: the events after the id are older than the retention, or the store has lost them.
 * - `bound`: the stream exceeded its size bound.
 * - `rolled-back`: the store was set back to an earlier state. Events of the same chunk come again.
 * - `unreadable`: a chunk cannot be read on this node.
 * - `writer`: a writer had more events than its queue holds while the store was unreachable.
 * - `reader`: this reader was slower than the events.
 */
export type GapCause = "expired" | "bound" | "rolled-back" | "unreadable" | "writer" | "reader";

export type LogEntry =
  | {
      readonly kind: "event";
      readonly id: string;
      /** The store's time, in ms since the Unix epoch. */
      readonly atMs: number;
      readonly event: LogEvent;
    }
  | {
      /** Events are missing between the entries before and after this one. */
      readonly kind: "gap";
      readonly cause: GapCause;
    };

export interface Page {
  readonly entries: readonly LogEntry[];
  /** The position from which to continue. Undefined while the stream is empty. */
  readonly position: string | undefined;
  /** True if there may be more already. */
  readonly hasMore: boolean;
}

interface Start {
  readonly chunks: readonly ChunkEntry[];
  readonly from: EventPlace | undefined;
  readonly gap: GapCause | undefined;
}

export async function readAfter(
  store: StreamStore,
  after: string | undefined,
  { limit, retentionMs }: { readonly limit: number; readonly retentionMs: number },
): Promise<Page> {
  const found = await store.index();
  if ("unreadable" in found)
    return { entries: [{ kind: "gap", cause: "unreadable" }], position: after, hasMore: false };
  const start = startOf(found.value, after, (await store.nowMs()) - retentionMs);
  const entries: LogEntry[] = start.gap === undefined ? [] : [{ kind: "gap", cause: start.gap }];
  let position = start.from === undefined ? undefined : after;
  for (const entry of start.chunks) {
    const chunk = await store.chunk(entry);
    if ("unreadable" in chunk) {
      entries.push({ kind: "gap", cause: "unreadable" });
      continue;
    }
    const { records } = chunk.value ?? emptyChunk;
    const isExpired = chunk.version === "absent" && entry !== start.chunks.at(-1);
    if (isExpired) entries.push({ kind: "gap", cause: "expired" });
    let next = 0;
    if (entry.chunk === start.from?.chunk) {
      const isSame = records[start.from.index]?.tag === start.from.tag;
      if (isSame) next = start.from.index + 1;
      else {
        position = undefined;
        if (!isExpired) entries.push({ kind: "gap", cause: "rolled-back" });
      }
    }
    for (const record of records.slice(next)) {
      if (entries.length >= limit) return { entries, position, hasMore: true };
      position = formatEventId({ ...entry, index: next, tag: record.tag });
      entries.push(entryOf(record, position));
      next += 1;
    }
  }
  return { entries, position, hasMore: false };
}

/** The id of the stream's last event. Undefined if there is none. */
export async function lastId(store: StreamStore): Promise<string | undefined> {
  const found = await store.index();
  if ("unreadable" in found) return undefined;
  for (const entry of found.value.chunks.toReversed()) {
    const chunk = await store.chunk(entry);
    if ("unreadable" in chunk) continue;
    const record = chunk.value?.records.at(-1);
    if (record === undefined) continue;
    const index = (chunk.value?.records.length ?? 1) - 1;
    return formatEventId({ ...entry, index, tag: record.tag });
  }
  return undefined;
}

function startOf(
  { chunks, boundedAtMs }: Index,
  after: string | undefined,
  oldestMs: number,
): Start {
  const isBounded = boundedAtMs > oldestMs;
  if (after === undefined) return { chunks, from: undefined, gap: isBounded ? "bound" : undefined };
  const from = parseEventId(after);
  const at = chunks.findIndex(({ chunk, nonce }) => chunk === from?.chunk && nonce === from.nonce);
  if (at >= 0) return { chunks: chunks.slice(at), from, gap: undefined };
  return { chunks, from: undefined, gap: isBounded ? "bound" : "expired" };
}

function entryOf({ atMs, event }: StoredRecord, id: string): LogEntry {
  if (event.type === lostType) return { kind: "gap", cause: "writer" };
  return { kind: "event", id, atMs, event };
}
