/** Reads and derives situations. */
import {
  endsAtMs,
  noClaims,
  storedClaim,
  validClaims,
  type Claim,
  type ClaimFacts,
  type Registry,
  type RememberedClaim,
} from "@lingpai/core/internal/claims";
import {
  claimantOf,
  type ClaimBudget,
  type ClaimEnvironment,
  type ClaimModel,
  type ClaimProcess,
  type ClaimWorld,
} from "./model.ts";

export interface ClaimSuccessor {
  /** One sentence for people. */
  readonly step: string;
  readonly world: ClaimWorld;
  /** The violated invariant. */
  readonly broken?: string | undefined;
}

export function factsOf(model: ClaimModel, world: ClaimWorld, process: ClaimProcess): ClaimFacts {
  const { coveredMs } = process;
  const reading = { registry: readable(world), nowMs: world.nowMs };
  const remembered = rememberedBy(model, { ...process, reading: { ...reading, version: 0 } });
  return { ...reading, remembered, coveredMs };
}

/** The claim that a process remembers after a read: the stored one, or its earlier knowledge. */
export function rememberedBy(model: ClaimModel, process: ClaimProcess): ClaimProcess["remembered"] {
  const { reading, remembered } = process;
  const facts = reading && { ...reading, coveredMs: 0 };
  const stored = facts && storedClaim(claimantOf(model, process), facts);
  return stored === undefined ? remembered : asRemembered(stored);
}

/** What a process keeps of a claim that it has read or written. */
export function asRemembered(claim: Claim): RememberedClaim {
  return { sinceMs: claim.sinceMs, endsMs: endsAtMs(claim) };
}

export function readable({ registry }: Pick<ClaimWorld, "registry">): Registry | undefined {
  return registry === "spoiled" ? undefined : (registry ?? noClaims);
}

export function claimOf(
  world: Pick<ClaimWorld, "registry" | "nowMs">,
  name: string,
): Claim | undefined {
  const held = validClaims({ registry: readable(world), nowMs: world.nowMs });
  return held.find(({ environment }) => environment === name);
}

export function isAlive({ credential }: ClaimEnvironment, nowMs: number): boolean {
  return credential !== undefined && nowMs < credential.expiresAtMs;
}

export function withProcess(world: ClaimWorld, index: number, process: ClaimProcess): ClaimWorld {
  return { ...world, processes: world.processes.with(index, process) };
}

export function withEnvironment(
  world: ClaimWorld,
  index: 0 | 1,
  environment: ClaimEnvironment,
): ClaimWorld {
  const [one, two] = world.environments;
  const environments = index === 0 ? ([environment, two] as const) : ([one, environment] as const);
  return { ...world, environments };
}

export function newVersion({ versions }: ClaimWorld): Pick<ClaimWorld, "version" | "versions"> {
  return { version: versions + 1, versions: versions + 1 };
}

export function reduced(world: ClaimWorld, what: keyof ClaimBudget): ClaimWorld {
  return { ...world, left: { ...world.left, [what]: world.left[what] - 1 } };
}
