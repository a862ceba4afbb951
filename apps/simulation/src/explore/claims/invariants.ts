/** The invariants of two environments that claim one credential. */
import { storedClaim, type ClaimFacts, type ClaimVerdict } from "@lingpai/core/internal/claims";
import { claimantOf, names, type ClaimModel, type ClaimProcess, type ClaimWorld } from "./model.ts";
import { claimOf, isAlive } from "./situation.ts";

/** C1 and C3: when a process may report a conflict. */
export function misjudged(
  model: ClaimModel,
  world: ClaimWorld,
  process: ClaimProcess,
  facts: ClaimFacts,
  verdict: ClaimVerdict,
): string | undefined {
  const claimant = claimantOf(model, process);
  const { credential, nowMs, remembered } = facts;
  const stored = storedClaim(claimant, facts);
  if (verdict.kind === "unreadable")
    return stored !== undefined || credential !== undefined
      ? "C3: what somebody else wrote stops an established environment"
      : undefined;
  if (verdict.kind === "own") return undefined;
  const { rank: own } = world.environments[process.environment];
  const { rank: other } = world.environments[1 - process.environment]!;
  const knows =
    stored !== undefined ||
    (remembered !== undefined && nowMs < remembered.endsMs) ||
    // A fetch after the other environment's claim proves nothing.
    (credential !== undefined &&
      nowMs < credential.expiresAtMs &&
      credential.sentAtMs < verdict.by.sinceMs);
  return knows && own !== undefined && other !== undefined && own < other
    ? `C1: the earlier environment is ${verdict.kind === "consume" ? "made a consumer" : "refused"} by the later one`
    : undefined;
}

/** C2: the claim of a running environment never expires. */
export function lapsed({
  environments,
  nowMs,
  processes,
  ...world
}: ClaimWorld): string | undefined {
  const hasLapsed = environments.some((environment, index) => {
    const isBeingExtended = processes.some((each) => each.environment === index && each.mustExtend);
    const { isLost, rank } = environment;
    return (
      rank !== undefined &&
      !isLost &&
      !isBeingExtended &&
      isAlive(environment, nowMs) &&
      claimOf({ ...world, nowMs }, names[index]!) === undefined
    );
  });
  return hasLapsed ? "C2: the claim of a living environment has lapsed" : undefined;
}
