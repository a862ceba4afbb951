/**
 * The id of a stored event: its place, and a tag that distinguishes a later event in the same
 * place.
 */

export interface EventPlace {
  /** Numbers rise from chunk to chunk of a stream, and begin with the store's time in ms. */
  readonly chunk: number;
  /** Random, so that a chunk made after the store lost the index has another tag. */
  readonly nonce: string;
  /** The event's place in its chunk, from 0. */
  readonly index: number;
  readonly tag: string;
}

const pattern = /^(\d{13,16})-([A-Za-z0-9_]{4})-(\d{1,6})-([A-Za-z0-9_]{4})$/;

/** An id contains only `A-Za-z0-9_-`, so a header and an SSE line carry it unchanged. */
export function formatEventId({ chunk, nonce, index, tag }: EventPlace): string {
  return `${String(chunk).padStart(13, "0")}-${nonce}-${index}-${tag}`;
}

/** Undefined if the text is not an id of this log. */
export function parseEventId(id: string): EventPlace | undefined {
  const found = pattern.exec(id);
  if (found === null) return undefined;
  const [, chunk = "", nonce = "", index = "", tag = ""] = found;
  return Number.isSafeInteger(Number(chunk))
    ? { chunk: Number(chunk), nonce, index: Number(index), tag }
    : undefined;
}

/**
 * Negative if `a` was stored before `b` in the same stream, positive if after, 0 for equal ids.
 *
 * @throws {RangeError} One of them is not an id of this log.
 */
export function compareEventIds(a: string, b: string): number {
  const [first, second] = [parseEventId(a), parseEventId(b)];
  if (first === undefined || second === undefined)
    throw new RangeError("This is not the id of a stored event.");
  return first.chunk - second.chunk || first.index - second.index;
}

/** Four characters of a random id, without the separator. */
export function tagFrom(randomId: string): string {
  return randomId.slice(0, 4).replaceAll("-", "_").padEnd(4, "_");
}
