/** The limits of a log, and the decisions about chunks that follow from them. */
import type { ChunkEntry } from "./documents.ts";

export interface Limits {
  readonly retentionMs: number;
  readonly chunkBytes: number;
  /** The number of full chunks of a stream, in addition to those that the end of an hour closed. */
  readonly chunksMax: number;
}

export const hourMs = 3_600_000;
/** How far the store's time may run back before a chunk counts as one from the future. */
const skewMs = 300_000;

export function hourOf(nowMs: number): number {
  return Math.floor(nowMs / hourMs) * hourMs;
}

/** True if events of this instant belong in the chunk. */
export function isOfHour(entry: ChunkEntry, nowMs: number): boolean {
  return nowMs < entry.hourMs + hourMs && nowMs >= entry.hourMs - skewMs;
}

/** How long the store keeps a chunk that is written now. */
export function chunkTtlMs(entry: ChunkEntry, nowMs: number, { retentionMs }: Limits): number {
  return Math.max(1_000, Math.ceil(entry.hourMs + hourMs + retentionMs - nowMs));
}

export interface Pruned {
  readonly kept: readonly ChunkEntry[];
  readonly dropped: readonly ChunkEntry[];
  /** True if one of the dropped chunks was younger than the retention. */
  readonly isBounded: boolean;
}

export function prune(chunks: readonly ChunkEntry[], nowMs: number, limits: Limits): Pruned {
  const young = chunks.filter((entry) => entry.hourMs + hourMs + limits.retentionMs > nowMs);
  const kept = young.slice(-limits.chunksMax);
  const isKept = new Set(kept);
  return {
    kept,
    dropped: chunks.filter((entry) => !isKept.has(entry)),
    isBounded: kept.length < young.length,
  };
}
