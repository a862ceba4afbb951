/** Appends the events of one writer to one stream by compare-and-set, each exactly once. */
import type { Random, Version } from "@lingpai/core";
import { emptyChunk } from "./documents.ts";
import type { Chunk, ChunkEntry, Index, StoredRecord } from "./documents.ts";
import { tagFrom } from "./event-id.ts";
import { chunkTtlMs, hourMs, hourOf, isOfHour, prune } from "./limits.ts";
import type { Limits } from "./limits.ts";
import type { Held, StreamStore } from "./stream-store.ts";

interface OpenChunk {
  readonly entry: ChunkEntry;
  readonly chunk: Chunk;
  readonly version: Version | "absent";
}

export class StreamWriter {
  readonly #store: StreamStore;
  readonly #limits: Limits;
  readonly #random: Random;
  readonly #onUnreadable: () => void;
  /** The chunk that this writer last saw. Another writer may have continued since. */
  #open: OpenChunk | undefined;
  /** The chunk of a write whose outcome is unknown. */
  #attempted: ChunkEntry | undefined;

  constructor(store: StreamStore, limits: Limits, random: Random, onUnreadable: () => void) {
    this.#store = store;
    this.#limits = limits;
    this.#random = random;
    this.#onUnreadable = onUnreadable;
  }

  /**
   * Writes a first part of the records, in their order, and returns how many are stored now. 0
   * means that another writer was faster: call again. Throws the store's error. The outcome of the
   * write is then unknown, and the next call determines it.
   */
  async write(records: readonly StoredRecord[]): Promise<number> {
    const nowMs = await this.#store.nowMs();
    const open = this.#open ?? (await this.#load(nowMs));
    if (open === undefined) return 0;
    // Until the reply arrives the outcome is unknown, so nothing is remembered.
    this.#open = undefined;
    const stored = await this.#countStored(open, records);
    this.#attempted = undefined;
    if (stored > 0) {
      this.#open = open;
      return stored;
    }
    const fitting = this.#fitting(open.chunk, records);
    if (open.chunk.closed || !isOfHour(open.entry, nowMs) || fitting === 0) {
      await this.#roll(open, nowMs);
      return 0;
    }
    const chunk = { ...open.chunk, records: [...open.chunk.records, ...records.slice(0, fitting)] };
    const ttlMs = chunkTtlMs(open.entry, nowMs, this.#limits);
    this.#attempted = open.entry;
    const version = await this.#store.writeChunk(open.entry, chunk, open.version, ttlMs);
    this.#attempted = undefined;
    if (version === undefined) return 0;
    this.#open = { entry: open.entry, chunk, version };
    return fitting;
  }

  /** A chunk that is no longer the stream's last one is closed, so no late write can reach it. */
  async #countStored(open: OpenChunk, records: readonly StoredRecord[]): Promise<number> {
    const attempted = this.#attempted;
    if (attempted === undefined || attempted.chunk === open.entry.chunk)
      return countStored(open.chunk, records);
    const found = await this.#store.chunk(attempted);
    return "unreadable" in found ? 0 : countStored(found.value ?? emptyChunk, records);
  }

  /** Returns how many of the records fit a chunk. An empty chunk takes at least one. */
  #fitting(chunk: Chunk, records: readonly StoredRecord[]): number {
    let bytes = Buffer.byteLength(JSON.stringify(chunk));
    let count = 0;
    for (const record of records) {
      bytes += Buffer.byteLength(JSON.stringify(record)) + 1;
      if (bytes > this.#limits.chunkBytes) break;
      count += 1;
    }
    return count === 0 && chunk.records.length === 0 ? 1 : count;
  }

  async #load(nowMs: number): Promise<OpenChunk | undefined> {
    const index = await this.#index(nowMs);
    const entry = index.value.chunks.at(-1);
    if (entry === undefined) {
      await this.#add(index, nowMs);
      return undefined;
    }
    const found = await this.#store.chunk(entry);
    if ("unreadable" in found) {
      this.#onUnreadable();
      await this.#add(index, nowMs);
      return undefined;
    }
    return { entry, chunk: found.value ?? emptyChunk, version: found.version };
  }

  /** An index that cannot be opened is left unchanged, because another node may have its key. */
  async #index(nowMs: number): Promise<Held<Index>> {
    const found = await this.#store.index();
    if (!("unreadable" in found)) return found;
    this.#onUnreadable();
    if (found.version === undefined) throw new Error("The index of the stream cannot be opened.");
    return { value: { v: 1, chunks: [], boundedAtMs: nowMs }, version: found.version };
  }

  /**
   * Closes the chunk, and adds a next one to the index. Closing is a write of the chunk itself: an
   * append whose reply was lost can then no longer take effect.
   */
  async #roll({ entry, chunk, version }: OpenChunk, nowMs: number): Promise<void> {
    if (!chunk.closed) {
      const ttlMs = chunkTtlMs(entry, nowMs, this.#limits);
      const closed = { ...chunk, closed: true };
      if ((await this.#store.writeChunk(entry, closed, version, ttlMs)) === undefined) return;
    }
    const index = await this.#index(nowMs);
    if (index.value.chunks.at(-1)?.chunk === entry.chunk) await this.#add(index, nowMs);
  }

  async #add({ value, version }: Held<Index>, nowMs: number): Promise<void> {
    const chunk = Math.max((value.chunks.at(-1)?.chunk ?? 0) + 1, nowMs);
    const entry = { chunk, nonce: tagFrom(this.#random.id()), hourMs: hourOf(nowMs) };
    const { kept, dropped, isBounded } = prune([...value.chunks, entry], nowMs, this.#limits);
    const boundedAtMs = isBounded ? nowMs : value.boundedAtMs;
    const index = { v: 1 as const, chunks: kept, boundedAtMs };
    const ttlMs = this.#limits.retentionMs + 2 * hourMs;
    if (!(await this.#store.writeIndex(index, version, ttlMs))) return;
    // The index no longer names them. A chunk that is not deleted here expires.
    for (const old of dropped) await this.#store.drop(old);
  }
}

/**
 * Returns how many of the first records the chunk already contains, because their reply was lost.
 */
function countStored(chunk: Chunk, records: readonly StoredRecord[]): number {
  const first = records[0];
  if (first === undefined) return 0;
  let last = first.seq - 1;
  for (const { writer, seq } of chunk.records)
    if (writer === first.writer) last = Math.max(last, seq);
  return records.filter(({ seq }) => seq <= last).length;
}
