/**
 * The documents of a stream in the store: an index of its chunks, and the chunks with the events.
 */

/** An event as it is appended: flat, and small enough for a chunk. */
export interface LogEvent {
  readonly type: string;
  readonly [field: string]: string | number | boolean | undefined;
}

export interface StoredRecord {
  readonly tag: string;
  /** Together with `seq` it shows whether a write whose reply was lost has been applied. */
  readonly writer: string;
  readonly seq: number;
  /** The store's time of the call of `append`, as its writer estimated it, in ms. */
  readonly atMs: number;
  readonly event: LogEvent;
}

export interface Chunk {
  readonly v: 1;
  /** True if no writer adds to it any more. */
  readonly closed: boolean;
  readonly records: readonly StoredRecord[];
}

export interface ChunkEntry {
  readonly chunk: number;
  readonly nonce: string;
  /** The start of its hour, in the store's time, in ms. */
  readonly hourMs: number;
}

export interface Index {
  readonly v: 1;
  readonly chunks: readonly ChunkEntry[];
  /** When the size bound last removed a chunk that was younger than the retention. 0: never. */
  readonly boundedAtMs: number;
}

export const emptyChunk: Chunk = { v: 1, closed: false, records: [] };
export const emptyIndex: Index = { v: 1, chunks: [], boundedAtMs: 0 };

export function chunkKey({ chunk, nonce }: Pick<ChunkEntry, "chunk" | "nonce">): string {
  return `${chunk}-${nonce}`;
}

/** Undefined if the text is no chunk of this release. */
export function readChunk(text: string): Chunk | undefined {
  const value = parse(text);
  if (!isObject(value) || value["v"] !== 1) return undefined;
  const { closed, records } = value;
  if (typeof closed !== "boolean" || !Array.isArray(records)) return undefined;
  return records.every(isRecord) ? { v: 1, closed, records } : undefined;
}

/** Undefined if the text is no index of this release. */
export function readIndex(text: string): Index | undefined {
  const value = parse(text);
  if (!isObject(value) || value["v"] !== 1) return undefined;
  const { chunks, boundedAtMs } = value;
  if (typeof boundedAtMs !== "number" || !Array.isArray(chunks)) return undefined;
  if (!chunks.every(isEntry)) return undefined;
  const isSorted = chunks.every(({ chunk }, at) => at === 0 || chunks[at - 1]!.chunk < chunk);
  return isSorted ? { v: 1, chunks, boundedAtMs } : undefined;
}

function isRecord(value: unknown): value is StoredRecord {
  return (
    isObject(value) &&
    typeof value["tag"] === "string" &&
    /^[A-Za-z0-9_]{4}$/.test(value["tag"]) &&
    typeof value["writer"] === "string" &&
    Number.isSafeInteger(value["seq"]) &&
    Number.isFinite(value["atMs"]) &&
    isObject(value["event"]) &&
    typeof value["event"]["type"] === "string"
  );
}

function isEntry(value: unknown): value is ChunkEntry {
  return (
    isObject(value) &&
    Number.isSafeInteger(value["chunk"]) &&
    Number(value["chunk"]) > 0 &&
    typeof value["nonce"] === "string" &&
    /^[A-Za-z0-9_]{4}$/.test(value["nonce"]) &&
    Number.isFinite(value["hourMs"])
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
