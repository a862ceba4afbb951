/** Reads the times that a response states in its headers. */

/** The platform's clock when it answered, in ms since the Unix epoch; ours when it does not say. */
export function platformNow(headers: Headers, ownNowMs: number): number {
  const stated = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(stated) ? ownNowMs : stated;
}

const retryAfterMinMs = 1000;
const retryAfterMaxMs = 600_000;

/**
 * `Retry-After` in ms, as seconds or as a date, brought between a second and ten minutes; undefined
 * when it is missing or neither.
 */
export function retryAfterHeader(headers: Headers, platformNowMs: number): number | undefined {
  const raw = headers.get("retry-after")?.trim();
  if (raw === undefined || raw === "") return undefined;
  const waitMs = /^\d+$/.test(raw) ? Number(raw) * 1000 : Date.parse(raw) - platformNowMs;
  if (Number.isNaN(waitMs)) return undefined;
  return Math.min(retryAfterMaxMs, Math.max(retryAfterMinMs, waitMs));
}
