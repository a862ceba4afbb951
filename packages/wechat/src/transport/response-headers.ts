/** Reads the times that a response states in its headers. */

/**
 * The platform's clock at the time of the answer, in ms since the Unix epoch. Without a `Date`
 * header: our own clock.
 */
export function platformNow(headers: Headers, ownNowMs: number): number {
  const stated = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(stated) ? ownNowMs : stated;
}

const retryAfterMinMs = 1000;
const retryAfterMaxMs = 600_000;

/**
 * The `Retry-After` header, given in seconds or as a date, in ms, and clamped to between one second
 * and ten minutes. Undefined: it is missing or has another form.
 */
export function retryAfterHeader(headers: Headers, platformNowMs: number): number | undefined {
  const raw = headers.get("retry-after")?.trim();
  if (raw === undefined || raw === "") return undefined;
  const waitMs = /^\d+$/.test(raw) ? Number(raw) * 1000 : Date.parse(raw) - platformNowMs;
  if (Number.isNaN(waitMs)) return undefined;
  return Math.min(retryAfterMaxMs, Math.max(retryAfterMinMs, waitMs));
}
