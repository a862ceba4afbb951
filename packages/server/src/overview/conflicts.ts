/** Conflicts: periods in which a system outside the fleet replaced a credential. */
import type { FleetEvent } from "../events/fleet-view.ts";

/** One `contended` report with its evidence. Ages and remaining lifetimes are durations, in ms. */
export interface ConflictEvidence {
  readonly ref: string;
  readonly state: "suspected" | "confirmed";
  readonly count: number;
  readonly agoMs: number;
  readonly node: string;
  readonly fingerprint: string;
  /** The age and the remaining lifetime of the token that was killed. */
  readonly ageMs: number;
  readonly remainingMs: number;
  readonly claimedBy?: string;
  readonly remedy: string;
}

/** The present conflict of one credential. */
export interface Conflict {
  readonly state: "suspected" | "confirmed";
  readonly count: number;
  readonly sinceAgoMs: number;
  readonly lastAgoMs: number;
}

/** A conflict ends after the longest lifetime of a token without a report. */
const quietMs = 7_200_000;

export function evidenceIn(
  events: readonly FleetEvent[],
  nowMs: number,
): readonly ConflictEvidence[] {
  return events
    .filter(({ event }) => event.type === "contended")
    .map(({ atMs, event, ref }) => ({
      ref,
      state: event["state"] === "confirmed" ? ("confirmed" as const) : ("suspected" as const),
      count: Number(event["count"]),
      agoMs: Math.max(0, nowMs - atMs),
      node: String(event["node"]),
      fingerprint: String(event["fingerprint"]).slice(0, 8),
      ageMs: Number(event["ageMs"]),
      remainingMs: Number(event["remainingMs"]),
      ...(event["claimedBy"] !== undefined && { claimedBy: String(event["claimedBy"]) }),
      remedy: String(event["remedy"]),
    }));
}

/** The conflicts that have not ended, by reference. */
export function conflictsOf(evidence: readonly ConflictEvidence[]): ReadonlyMap<string, Conflict> {
  const spells = new Map<string, Conflict>();
  for (const { agoMs, count, ref, state } of evidence) {
    const before = spells.get(ref);
    const isSame = before !== undefined && before.lastAgoMs - agoMs < quietMs;
    spells.set(ref, {
      state,
      count,
      sinceAgoMs: isSame ? before.sinceAgoMs : agoMs,
      lastAgoMs: agoMs,
    });
  }
  for (const [ref, { lastAgoMs }] of spells) if (lastAgoMs >= quietMs) spells.delete(ref);
  return spells;
}
