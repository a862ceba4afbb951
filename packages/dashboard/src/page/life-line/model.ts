/**
 * Derives the content of the life line from events: bands of generations, spans of trouble, and
 * marks.
 */
import type { OverviewRow } from "@lingpai/server";
import type { LoggedEvent } from "../api.ts";
import type { Tone } from "../severity.ts";

export const lanes = ["token", "fetches", "refusals", "others", "doubt", "store"] as const;
export type Lane = (typeof lanes)[number];

export interface Band {
  readonly generation: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A state with a duration: a doubt, or a store outage. */
export interface Span {
  readonly lane: "doubt" | "store";
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Mark {
  readonly lane: Exclude<Lane, "token">;
  readonly tone: Tone;
  readonly atMs: number;
  /** When the request of a fetch was sent. */
  readonly intentAtMs: number | undefined;
  readonly logged: LoggedEvent;
}

/** Marks that would overlap, combined into one. */
export interface Cluster {
  readonly lane: Mark["lane"];
  readonly tone: Tone;
  readonly x: number;
  readonly marks: readonly Mark[];
}

/** The types of events that are marks. All others appear only in the table. */
const places: Readonly<Record<string, readonly [Mark["lane"], Tone]>> = {
  refreshed: ["fetches", "good"],
  "age-unknown": ["fetches", "warn"],
  "refresh-failed": ["fetches", "warn"],
  "refused-fatally": ["fetches", "bad"],
  "commit-superseded": ["fetches", "warn"],
  "lock-lost": ["fetches", "warn"],
  rejected: ["refusals", "warn"],
  "kept-stale": ["refusals", "warn"],
  contended: ["others", "bad"],
  "claim-conflicted": ["others", "bad"],
  switched: ["others", "warn"],
  reset: ["others", "warn"],
  "in-doubt": ["doubt", "doubt"],
  reconciled: ["doubt", "good"],
  "store-unavailable": ["store", "warn"],
  "store-recovered": ["store", "good"],
  "store-regressed": ["store", "bad"],
  repaired: ["store", "good"],
  unreadable: ["store", "bad"],
  poisoned: ["store", "bad"],
  "unsealed-and-traced": ["store", "bad"],
  "quota-threshold": ["refusals", "warn"],
  "clock-jumped": ["store", "warn"],
};

const takes = new Set(["refreshed", "adopted", "repaired"]);

export function marksOf(events: readonly LoggedEvent[]): readonly Mark[] {
  const marks: Mark[] = [];
  for (const logged of events) {
    const { atMs, event } = logged;
    const place = places[event.type];
    if (place === undefined) continue;
    const [lane, tone] = place;
    const duration = lane === "fetches" ? event["durationMs"] : undefined;
    const intentAtMs = typeof duration === "number" ? atMs - duration : undefined;
    marks.push({ lane, tone, atMs, intentAtMs, logged });
  }
  return marks;
}

/**
 * One band for each generation, from its first appearance to that of the next one, or to its own
 * end.
 */
export function bandsOf(
  events: readonly LoggedEvent[],
  row: OverviewRow | undefined,
  nowMs: number,
): readonly Band[] {
  const bands: Band[] = [];
  for (const { atMs, event } of events) {
    if (!takes.has(event.type)) continue;
    const generation = Number(event["generation"]);
    const last = bands.at(-1);
    if (!Number.isFinite(generation) || (last !== undefined && generation <= last.generation))
      continue;
    const lag = typeof event["lagMs"] === "number" ? event["lagMs"] : 0;
    const fromMs = atMs - lag;
    const toMs = atMs + Number(event["remainingMs"] ?? 0);
    if (last !== undefined)
      bands[bands.length - 1] = { ...last, toMs: Math.min(last.toMs, fromMs) };
    bands.push({ generation, fromMs, toMs });
  }
  const last = bands.at(-1);
  const ends = row?.expiresInMs === undefined ? undefined : nowMs + row.expiresInMs;
  if (last !== undefined && ends !== undefined && row?.generation === last.generation)
    bands[bands.length - 1] = { ...last, toMs: ends };
  return bands;
}

const opens: Readonly<Record<string, Span["lane"]>> = {
  "in-doubt": "doubt",
  "store-unavailable": "store",
};
const closes: Readonly<Record<string, Span["lane"]>> = {
  reconciled: "doubt",
  "store-recovered": "store",
};

/** A store outage concerns one node, a doubt the whole fleet. */
export function spansOf(events: readonly LoggedEvent[], nowMs: number): readonly Span[] {
  const open = new Map<string, number>();
  const spans: Span[] = [];
  const nameOf = (lane: string, node: unknown): string =>
    lane === "doubt" ? lane : `${lane}/${String(node)}`;
  for (const { atMs, event } of events) {
    const begins = opens[event.type];
    const ends = closes[event.type];
    if (begins !== undefined) {
      const name = nameOf(begins, event["node"]);
      open.set(name, open.get(name) ?? atMs);
    }
    if (ends === undefined) continue;
    const name = nameOf(ends, event["node"]);
    const fromMs = open.get(name);
    if (fromMs !== undefined) spans.push({ lane: ends, fromMs, toMs: atMs });
    open.delete(name);
  }
  for (const [name, fromMs] of open)
    spans.push({ lane: name === "doubt" ? "doubt" : "store", fromMs, toMs: nowMs });
  return spans;
}

const rank: readonly Tone[] = ["bad", "doubt", "warn", "good", "rest"];
const nearPx = 11;

/** Ordered by time. `xOf` maps an instant to its place on the line. */
export function clustersOf(
  marks: readonly Mark[],
  xOf: (atMs: number) => number,
): readonly Cluster[] {
  const open = new Map<string, { x: number; marks: Mark[] }>();
  const clusters: { readonly lane: Mark["lane"]; readonly x: number; readonly marks: Mark[] }[] =
    [];
  for (const mark of marks) {
    const x = xOf(mark.atMs);
    const last = open.get(mark.lane);
    if (last !== undefined && x - last.x < nearPx) {
      last.marks.push(mark);
      continue;
    }
    const cluster = { lane: mark.lane, x, marks: [mark] };
    open.set(mark.lane, cluster);
    clusters.push(cluster);
  }
  return clusters.map((cluster) => {
    const tones = cluster.marks.map(({ tone }) => tone);
    return { ...cluster, tone: rank.find((tone) => tones.includes(tone)) ?? "rest" };
  });
}

const steps = [5, 10, 15, 30, 60, 120, 180, 240, 360].map((minutes) => minutes * 60_000);

/** Round instants for the axis, with room for a label at each. `zoneMs` is local time minus UTC. */
export function ticksOf(
  fromMs: number,
  toMs: number,
  widthPx: number,
  zoneMs: number,
): readonly number[] {
  const most = Math.max(2, Math.floor(widthPx / 70));
  const step = steps.find((each) => (toMs - fromMs) / each <= most) ?? 720 * 60_000;
  const first = Math.ceil((fromMs + zoneMs) / step) * step - zoneMs;
  const ticks: number[] = [];
  for (let at = first; at <= toMs; at += step) ticks.push(at);
  return ticks;
}
