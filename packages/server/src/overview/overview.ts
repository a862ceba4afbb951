/** The data of each credential on the dashboard's first screen: durations, and no secrets. */
import { summaryOf } from "../credentials/served-credential.ts";
import type { CredentialState, Served } from "../credentials/served-credential.ts";
import type { FleetEvent } from "../events/fleet-view.ts";
import { conflictsOf, evidenceIn } from "./conflicts.ts";
import type { Conflict } from "./conflicts.ts";
import { adoptionOf, nodesIn } from "./nodes.ts";

export interface Overview {
  /** The time on this replica, in ms since the Unix epoch, for the page's clock. */
  readonly wallMs: number;
  /** False while the event log cannot be read: nodes, conflicts and failures are then missing. */
  readonly hasLog: boolean;
  readonly credentials: readonly OverviewRow[];
}

export interface OverviewRow {
  readonly ref: string;
  readonly environment: string;
  readonly state: CredentialState;
  readonly degraded?: "store";
  readonly generation: number | undefined;
  /** The first 8 characters of its fingerprint. */
  readonly fingerprint: string | undefined;
  readonly ageMs: number | undefined;
  readonly expiresInMs: number | undefined;
  readonly renewsInMs: number | undefined;
  readonly by:
    | { readonly node: string; readonly environment: string; readonly reason: string }
    | undefined;
  readonly onFallback: boolean;
  readonly quota: { readonly used: number; readonly perDay: number | undefined };
  readonly nodes: { readonly on: number; readonly total: number };
  readonly conflict: Conflict | undefined;
  /** The last failed refresh, unless one succeeded later. */
  readonly failure: Failure | undefined;
  /** The rights of the session's key to it. */
  readonly may: { readonly refresh: boolean; readonly revoke: boolean };
}

export interface Failure {
  readonly isFatal: boolean;
  readonly code: string;
  readonly agoMs: number;
  readonly message: string | undefined;
}

export function rowsOf(
  credentials: readonly Served[],
  events: readonly FleetEvent[],
  nowMs: number,
  mayOf: (served: Served) => OverviewRow["may"],
): readonly OverviewRow[] {
  const nodes = nodesIn(events, nowMs);
  const conflicts = conflictsOf(evidenceIn(events, nowMs));
  const failures = failuresIn(events, nowMs);
  return credentials.map((served) => {
    const { credential, ref } = served;
    const { ageMs, by, environment, fingerprint, onFallback, quota } = credential.status();
    const { commitId: _commitId, ...summary } = summaryOf(served);
    return {
      ...summary,
      environment,
      fingerprint: fingerprint?.slice(0, 8),
      ageMs: ageMs === undefined ? undefined : Math.floor(ageMs),
      by,
      onFallback,
      quota,
      nodes: adoptionOf(nodes.get(ref), summary.generation),
      conflict: conflicts.get(ref),
      failure: failures.get(ref),
      may: mayOf(served),
    };
  });
}

const failing = new Set(["refresh-failed", "refused-fatally"]);

function failuresIn(events: readonly FleetEvent[], nowMs: number): ReadonlyMap<string, Failure> {
  const found = new Map<string, Failure>();
  for (const { atMs, event, ref } of events) {
    if (event.type === "refreshed") found.delete(ref);
    if (!failing.has(event.type)) continue;
    found.set(ref, {
      isFatal: event.type === "refused-fatally",
      code: String(event["platformCode"] ?? event["errorCode"]),
      agoMs: Math.max(0, nowMs - atMs),
      message: event["message"] === undefined ? undefined : String(event["message"]),
    });
  }
  return found;
}
