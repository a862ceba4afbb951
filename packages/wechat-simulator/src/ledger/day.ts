/**
 * The platform's calendar: days, months and minutes as they begin in Asia/Shanghai, which has no
 * daylight saving.
 */

const offsetMs = 8 * 3_600_000;
const dayMs = 86_400_000;
const minuteMs = 60_000;

/** Numbers the platform's days; a new one begins at 00:00 +08:00. */
export function shanghaiDay(atMs: number): number {
  return Math.floor((atMs + offsetMs) / dayMs);
}

/** Numbers the platform's calendar months. */
export function shanghaiMonth(atMs: number): number {
  const date = new Date(atMs + offsetMs);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** Numbers minutes; the minute limits start afresh with each. */
export function minuteOf(atMs: number): number {
  return Math.floor(atMs / minuteMs);
}
