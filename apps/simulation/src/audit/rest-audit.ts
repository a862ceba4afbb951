/**
 * Judges a cluster at rest, after half an hour without a fault and with nothing in flight: every
 * node must have the live credential.
 */
import type { FleetNode } from "../fleet/fleet-node.ts";
import type { Plan } from "../plan/plan.ts";
import type { Wechat } from "../platform/wechat.ts";
import type { Primary } from "../store/primary.ts";
import type { World } from "../world/world.ts";
import type { Auditor } from "./auditor.ts";
import type { DocumentAudit } from "./document-audit.ts";
import type { FaultLedger } from "./fault-ledger.ts";
import type { FetchAudit } from "./fetch-audit.ts";

/** The parts of a cluster that are judged when it has come to rest. */
export interface RestingCluster {
  readonly plan: Plan;
  readonly world: World;
  readonly wechat: Wechat;
  readonly nodes: readonly FleetNode[];
  readonly auditor: Auditor;
  readonly documents: DocumentAudit;
  readonly faults: FaultLedger;
  readonly fetches: FetchAudit;
  readonly store: { readonly primary: Primary };
  readonly convergesWithoutReports: boolean;
}

/**
 * Within this time a node reads the document again, and a reconciling refresh is made.
 */
const settledAfterMs = 300_000;

/**
 * Judges I1 and I33 if the platform would issue a token. If no caller reports refusals, it judges
 * only runs without foreign fetches and without requests that last longer than the drain.
 */
export function auditAtRest(
  {
    plan,
    world,
    wechat,
    nodes,
    auditor,
    documents,
    faults,
    fetches,
    store,
    convergesWithoutReports,
  }: RestingCluster,
  reports: boolean,
): void {
  const { nowMs } = world;
  const last = wechat.fetches.at(-1);
  const isMoving = last !== undefined && nowMs - last.sentAtMs < settledAfterMs;
  // Two environments that both fetch have no common latest token.
  if (plan.nodes.some(({ isLaterClaimant }) => isLaterClaimant)) return;
  if (
    (!reports && !convergesWithoutReports) ||
    isMoving ||
    faults.hasAny(nowMs - settledAfterMs, nowMs)
  )
    return;
  const stored = documents.document(store.primary)?.credential;
  if (stored === undefined) return;
  const storedId = wechat.idOf(stored.secret);
  // When the day's quota is used up, the fleet keeps what it has until it notices the next day.
  const mayFetch = !fetches.isSpent(nowMs) && !fetches.isSpent(nowMs - settledAfterMs);
  if (mayFetch && storedId !== wechat.latestId) {
    auditor.violated(
      "I1",
      `the fleet rests on ${storedId}, and the platform's latest is ${wechat.latestId}`,
    );
  }
  for (const node of nodes) {
    const life = node.life;
    const held = life?.process.isAwake === true ? life.credential.peek() : undefined;
    if (
      held === undefined ||
      auditor.exceptions.sleeps.overlap(node.name, nowMs - settledAfterMs, nowMs)
    )
      continue;
    if (held.fingerprint !== stored.fingerprint)
      auditor.violated(
        "I1",
        `${node.name} rests on ${wechat.idOf(held.reveal())} instead of ${storedId}`,
      );
  }
}
