/** Reads and writes one stream's index and chunks, and estimates the store's time. */
import { LingpaiError } from "@lingpai/core";
import type { Cache, Clock, Conflict, Entry, Version, Written } from "@lingpai/core";
import { chunkKey, emptyIndex, readChunk, readIndex } from "./documents.ts";
import type { Chunk, ChunkEntry, Index } from "./documents.ts";

export interface Held<T> {
  readonly value: T;
  readonly version: Version | "absent";
}

/** The store holds a value that this process cannot use. */
export interface Unreadable {
  readonly unreadable: true;
  /**
   * Undefined if the store does not show it, because it is sealed with a key that this node lacks.
   */
  readonly version: Version | undefined;
}

const indexKey = "index";

export class StreamStore {
  readonly #cache: Cache;
  readonly #clock: Clock;
  /** The store's time minus the monotonic clock's. */
  #offsetMs: number | undefined;

  constructor(cache: Cache, clock: Clock) {
    this.#cache = cache;
    this.#clock = clock;
  }

  get cache(): Cache {
    return this.#cache;
  }

  /** Asks the store for its time, if it is not known yet. */
  async nowMs(): Promise<number> {
    if (this.#offsetMs === undefined)
      this.#heard(await this.#cache.set("time", "", { ttlMs: 60_000 }));
    return Math.round(this.#clock.monotonicMs() + (this.#offsetMs ?? 0));
  }

  async index(): Promise<Held<Index> | Unreadable> {
    return this.#read(indexKey, readIndex, emptyIndex);
  }

  async chunk(entry: ChunkEntry): Promise<Held<Chunk | undefined> | Unreadable> {
    return this.#read(chunkKey(entry), readChunk, undefined);
  }

  async writeIndex(index: Index, over: Version | "absent", ttlMs: number): Promise<boolean> {
    const options = { ttlMs, ifVersion: over };
    return this.#heard(await this.#cache.set(indexKey, JSON.stringify(index), options)).written;
  }

  /** Returns the version of the write. Undefined if another writer was faster. */
  async writeChunk(
    entry: ChunkEntry,
    chunk: Chunk,
    over: Version | "absent",
    ttlMs: number,
  ): Promise<Version | undefined> {
    const options = { ttlMs, ifVersion: over };
    const text = JSON.stringify(chunk);
    const wrote = this.#heard(await this.#cache.set(chunkKey(entry), text, options));
    return wrote.written ? wrote.version : undefined;
  }

  async drop(entry: ChunkEntry): Promise<void> {
    await this.#cache.delete(chunkKey(entry));
  }

  async #read<T>(
    key: string,
    decode: (text: string) => T | undefined,
    absent: T,
  ): Promise<Held<T> | Unreadable> {
    let entry: Entry | undefined;
    try {
      entry = await this.#cache.get(key);
    } catch (error) {
      if (error instanceof LingpaiError && error.code === "UNREADABLE_ENTRY")
        return { unreadable: true, version: undefined };
      throw error;
    }
    if (entry === undefined) return { value: absent, version: "absent" };
    this.#heard(entry);
    const value = decode(entry.value);
    return value === undefined
      ? { unreadable: true, version: entry.version }
      : { value, version: entry.version };
  }

  #heard<T extends Written | Conflict | Entry>(reply: T): T {
    this.#offsetMs = reply.storeNowMs - this.#clock.monotonicMs();
    return reply;
  }
}
