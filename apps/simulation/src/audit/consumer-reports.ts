/**
 * Excuses a consumer whose report no owner can know of yet. Without messages from the store, an
 * owner finds the report at its next reading.
 */
import type { FaultLedger } from "./fault-ledger.ts";
import type { AuditContext } from "./excuses.ts";
import type { FleetNode } from "../fleet/fleet-node.ts";
import type { Wechat } from "../platform/wechat.ts";

/** An owner reads the document at least this often. */
export const readWithinMs = 300_000;

type Claimant = Pick<FleetNode["plan"], "isLaterClaimant" | "onConflict">;

/** The platform refused a call of this node with this token. */
export function excuseReport(
  { pushesChanges, wechat }: Pick<AuditContext, "pushesChanges" | "wechat">,
  faults: Pick<FaultLedger, "add">,
  { name, role, plan }: Pick<FleetNode, "name" | "role"> & { readonly plan: Claimant },
  token: string,
): void {
  const consumes = role === "consumer" || (plan.isLaterClaimant && plan.onConflict === "consume");
  if (consumes && !pushesChanges && isLost(wechat, token))
    faults.add({
      name: "consumer's report waits for an owner's next reading",
      node: name,
      forMs: readWithinMs,
    });
}

/**
 * Returns whether an injected fault killed the token, so that the store does not hold a newer one:
 * something outside the fleet fetched or revoked, or the answer to a request of the fleet was lost
 * or is still to come.
 */
function isLost(
  wechat: Pick<Wechat, "fetches" | "isAlive" | "lastForeignAtMs">,
  token: string,
): boolean {
  const issuedAtMs = wechat.fetches.find((fetch) => fetch.token === token)?.processedAtMs;
  if (wechat.isAlive(token) || issuedAtMs === undefined) return false;
  return (
    wechat.lastForeignAtMs >= issuedAtMs ||
    wechat.fetches.some(
      ({ processedAtMs = 0, outcome }) => processedAtMs > issuedAtMs && outcome !== "issued",
    )
  );
}
