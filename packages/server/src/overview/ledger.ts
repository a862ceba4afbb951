/** The fetches and their reasons: by hour for the fleet, by credential for the day. */
import type { Served } from "../credentials/served-credential.ts";
import type { FleetEvent } from "../events/fleet-view.ts";

export interface LedgerHour {
  /** How long ago the hour began, in ms. */
  readonly startedAgoMs: number;
  readonly fetched: number;
  readonly failed: number;
  readonly rejected: number;
  readonly contended: number;
}

export interface LedgerRow {
  readonly ref: string;
  /** On the platform's day, as the fleet's document counts them. */
  readonly used: number;
  readonly perDay: number | undefined;
  /** Fetches of the last 24 h, by their reason. */
  readonly byReason: Readonly<Record<string, number>>;
}

export interface Ledger {
  readonly hours: readonly LedgerHour[];
  readonly credentials: readonly LedgerRow[];
}

const hourMs = 3_600_000;
const hoursShown = 24;
const columns: Readonly<Record<string, Exclude<keyof LedgerHour, "startedAgoMs">>> = {
  refreshed: "fetched",
  "refresh-failed": "failed",
  "refused-fatally": "failed",
  rejected: "rejected",
  contended: "contended",
};

export function ledgerOf(
  credentials: readonly Served[],
  events: readonly FleetEvent[],
  nowMs: number,
): Ledger {
  const hours = Array.from({ length: hoursShown }, (_, at) => ({
    startedAgoMs: (hoursShown - at) * hourMs,
    fetched: 0,
    failed: 0,
    rejected: 0,
    contended: 0,
  }));
  const reasons = new Map<string, Record<string, number>>();
  for (const { atMs, event, ref } of events) {
    const ago = Math.floor(Math.max(0, nowMs - atMs) / hourMs);
    const hour = hours[hoursShown - 1 - ago];
    const column = columns[event.type];
    if (hour === undefined || column === undefined) continue;
    hour[column] +=
      typeof event["count"] === "number" && column === "rejected" ? event["count"] : 1;
    if (column !== "fetched") continue;
    const counted = reasons.get(ref) ?? {};
    const reason = String(event["reason"]);
    counted[reason] = (counted[reason] ?? 0) + 1;
    reasons.set(ref, counted);
  }
  return {
    hours,
    credentials: credentials.map(({ credential, ref }) => {
      const { perDay, used } = credential.status().quota;
      return { ref, used, perDay, byReason: reasons.get(ref) ?? {} };
    }),
  };
}
