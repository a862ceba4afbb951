/**
 * Judges a world that has come to rest: no fault for half an hour, nothing in flight. Then
 * everybody has the live credential.
 */
import type { Stage } from "../cluster/cluster.ts";

/**
 * A node without news reads again within this time, and a reconciling refresh is made within it.
 */
const settledAfterMs = 300_000;

/**
 * I1 and I33, where the platform would have issued; and where nobody reports refusals, if nobody
 * else fetched and nothing was later than the drain.
 */
export function judgeRest(
  { plan, world, wechat, nodes, auditor, documents, faults, fetches, store, isTame }: Stage,
  reports: boolean,
): void {
  const { nowMs } = world;
  const last = wechat.fetches.at(-1);
  const isMoving = last !== undefined && nowMs - last.sentAtMs < settledAfterMs;
  // Two that fetch for themselves have no common latest.
  if (plan.nodes.some(({ isLaterClaimant }) => isLaterClaimant)) return;
  if ((!reports && !isTame) || isMoving || faults.hasAny(nowMs - settledAfterMs, nowMs)) return;
  const stored = documents.document(store.primary)?.credential;
  if (stored === undefined) return;
  const storedId = wechat.idOf(stored.secret);
  // A day's quota that is used up leaves a fleet with what it has until the next day, and a little
  // longer to notice that it has come.
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
      auditor.circumstances.sleeps.touch(node.name, nowMs - settledAfterMs, nowMs)
    )
      continue;
    if (held.fingerprint !== stored.fingerprint)
      auditor.violated(
        "I1",
        `${node.name} rests on ${wechat.idOf(held.reveal())} instead of ${storedId}`,
      );
  }
}
