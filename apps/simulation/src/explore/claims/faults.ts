/** The external events of two environments: time, losses, damage, and operators. */
import { withoutClaim } from "@lingpai/core/internal/claims";
import { names, tickMs, type ClaimEnvironment, type ClaimWorld } from "./model.ts";
import {
  claimOf,
  isAlive,
  newVersion,
  reduced,
  withEnvironment,
  type ClaimSuccessor,
} from "./situation.ts";

const malformed = (nowMs: number): unknown => ({ environment: "\n", renewedMs: nowMs });

export function worldSteps(world: ClaimWorld): ClaimSuccessor[] {
  const { left, nowMs, registry } = world;
  const steps: ClaimSuccessor[] = [];
  // An extension follows its fetch within moments.
  if (left.ticks > 0 && !world.processes.some(({ mustExtend }) => mustExtend))
    steps.push({ step: "Half a day passes.", world: passed(reduced(world, "ticks")) });
  if (registry === undefined) return steps;
  const changed = { ...world, ...newVersion(world) };
  // A loss between a read and its write leaves no trace, so no process can know of it.
  if (left.losses > 0 && world.processes.every(({ reading }) => reading === undefined))
    steps.push({
      step: "The store loses the registry.",
      world: lost(reduced({ ...world, registry: undefined, version: 0 }, "losses")),
    });
  if (left.spoils > 0)
    steps.push({
      step: "Somebody overwrites the registry.",
      world: lost(reduced({ ...changed, registry: "spoiled" }, "spoils")),
    });
  if (registry === "spoiled") return steps;
  if (left.spoils > 0) {
    const unreadable = [...registry.unreadable, malformed(nowMs)];
    steps.push({
      step: "Somebody adds a malformed claim.",
      world: reduced({ ...changed, registry: { ...registry, unreadable } }, "spoils"),
    });
  }
  for (const index of [0, 1] as const) {
    const isGone = world.processes.every((each) => each.environment !== index || each.isNew);
    const kept = withoutClaim(registry, [names[index]], nowMs);
    if (left.releases === 0 || !isGone || kept === undefined) continue;
    const released = { ...changed, registry: kept, isReported: false };
    const before = world.environments[index];
    steps.push({
      step: `An operator releases the claim of ${names[index]}, which is gone.`,
      world: withEnvironment(reduced(released, "releases"), index, {
        ...before,
        rank: undefined,
        isLost: false,
      }),
    });
  }
  return steps;
}

/**
 * Half a day later: no process may fetch without reading the claims, and unrenewed claims have
 * expired.
 */
function passed(world: ClaimWorld): ClaimWorld {
  const nowMs = world.nowMs + tickMs;
  const processes = world.processes.map((each) => ({
    ...each,
    mayFetch: false,
    reading: undefined,
  }));
  const aged = { ...world, nowMs, processes };
  const known = (index: number): boolean =>
    claimOf(aged, names[index]!) !== undefined ||
    isAlive(world.environments[index]!, nowMs) ||
    processes.some(
      ({ environment, remembered }) =>
        environment === index && remembered !== undefined && nowMs < remembered.endsMs,
    );
  const [one, two] = world.environments.map((each, index) =>
    known(index) ? each : { ...each, rank: undefined, isLost: false },
  ) as [ClaimEnvironment, ClaimEnvironment];
  const isReported = world.isReported && one.rank !== undefined && two.rank !== undefined;
  return { ...aged, environments: [one, two], isReported };
}

/** The order in which the environments came is no longer known. */
function lost(world: ClaimWorld): ClaimWorld {
  const [one, two] = world.environments.map((each) =>
    each.rank === undefined ? each : { ...each, rank: 0, isLost: true },
  ) as [ClaimEnvironment, ClaimEnvironment];
  return { ...world, environments: [one, two] };
}
