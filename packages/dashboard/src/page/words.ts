/** Formats durations, instants and the first sentence with the words of a dictionary. */
import type { OverviewRow } from "@lingpai/server";
import type { Dictionary } from "./i18n/dictionary.ts";
import { countsOf, severityOf, worstFirst } from "./severity.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** At most two units: `1 h 24 min`, `12 s`. Negative values count as zero. */
export function duration(ms: number, { units }: Dictionary): string {
  const whole = Math.max(0, ms);
  if (whole < second) return `${Math.round(whole)}\u00a0${units.ms}`;
  if (whole < minute) return `${Math.floor(whole / second)}\u00a0${units.s}`;
  if (whole < hour) {
    const seconds = Math.floor((whole % minute) / second);
    const minutes = `${Math.floor(whole / minute)}\u00a0${units.min}`;
    return whole < 10 * minute && seconds > 0 ? `${minutes} ${seconds}\u00a0${units.s}` : minutes;
  }
  if (whole < 2 * day) return two(whole, [hour, units.h], [minute, units.min]);
  return two(whole, [day, units.d], [hour, units.h]);
}

function two(
  ms: number,
  [large, largeName]: readonly [number, string],
  [small, smallName]: readonly [number, string],
): string {
  const rest = Math.floor((ms % large) / small);
  const first = `${Math.floor(ms / large)}\u00a0${largeName}`;
  return rest === 0 ? first : `${first} ${rest}\u00a0${smallName}`;
}

/** The reader's local time of day: `14:02`, with seconds if asked for. */
export function timeOfDay(atMs: number, locale: string, withSeconds = false): string {
  return new Intl.DateTimeFormat(locale, {
    hour: "2-digit",
    minute: "2-digit",
    ...(withSeconds && { second: "2-digit" }),
    hourCycle: "h23",
  }).format(atMs);
}

/** With the day if it is not within the last 20 hours. */
export function instant(atMs: number, nowMs: number, locale: string): string {
  const time = timeOfDay(atMs, locale, true);
  if (nowMs - atMs < 20 * hour) return time;
  const date = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric" }).format(atMs);
  return `${date} ${time}`;
}

/** Keeps the beginning and the end of a long name: `wechat:stable:wx0123…cdef`. */
export function shortRef(ref: string, most = 34): string {
  if (ref.length <= most) return ref;
  return `${ref.slice(0, most - 7)}…${ref.slice(-6)}`;
}

/** Short enough for a line of a phone in the first sentence. */
const spokenMost = 24;

/** The most important facts: "All 7 credentials are live. 1 conflict on wx… since 14:02." */
export function headline(
  rows: readonly OverviewRow[],
  nowMs: number,
  dictionary: Dictionary,
): string {
  const { headline: text, locale } = dictionary;
  if (rows.length === 0) return text.none;
  const served = rows.filter((row) => !["dead", "idle"].includes(severityOf(row))).length;
  const idle = rows.filter((row) => severityOf(row) === "idle").length;
  const asked = rows.length - idle;
  const parts: string[] = [];
  if (asked > 0) parts.push(served === asked ? text.allLive(asked) : text.someLive(served, asked));
  const dead = worstFirst(rows).filter((row) => severityOf(row) === "dead");
  // Where there are no others, the sentence before has said it.
  if (dead[0] !== undefined && dead.length < asked)
    parts.push(text.dead(dead.length, shortRef(dead[0].ref, spokenMost)));
  const conflicts = rows.filter(({ conflict }) => conflict !== undefined);
  const [first] = worstFirst(conflicts);
  if (first?.conflict !== undefined) {
    const since = timeOfDay(nowMs - first.conflict.sinceAgoMs, locale);
    parts.push(text.conflicts(conflicts.length, shortRef(first.ref, spokenMost), since));
  }
  for (const { count, severity } of countsOf(rows))
    if (severity !== "live" && severity !== "conflict" && severity !== "dead")
      parts.push(text.others[severity](count));
  return parts.join(dictionary.sentenceGap);
}
