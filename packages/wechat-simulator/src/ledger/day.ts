/**
 * The platform's calendar: days, months and minutes in Asia/Shanghai, which has no daylight saving.
 */

const offsetMs = 8 * 3_600_000;
const dayMs = 86_400_000;
const minuteMs = 60_000;

/** The number of the platform's day. A new one begins at 00:00 +08:00. */
export function shanghaiDay(atMs: number): number {
  return Math.floor((atMs + offsetMs) / dayMs);
}

/** The number of the platform's calendar month. */
export function shanghaiMonth(atMs: number): number {
  const date = new Date(atMs + offsetMs);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** The number of the minute. Minute limits begin again with each. */
export function minuteOf(atMs: number): number {
  return Math.floor(atMs / minuteMs);
}
