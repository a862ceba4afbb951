/** The model of two environments that claim one credential: bounds, the decision under test, the start. */
import {
  decideAgain,
  decideClaim,
  renewedBy,
  type ClaimedCredential,
  type Claimant,
  type Registry,
  type RememberedClaim,
} from "@lingpai/core/internal/claims";

/** The unit of time. An unrenewed claim is valid for four of them. */
export const tickMs = 12 * 3_600_000;
/** All instants are far from the epoch. */
const startMs = 20_000 * 86_400_000;

export interface ClaimBounds {
  readonly name: string;
  /** True if a fetch kills the token that another environment fetched. */
  readonly isPlain: boolean;
  /** The settings of the two environments. */
  readonly onConflict: readonly [Claimant["onConflict"], Claimant["onConflict"]];
  /** The lifetime of a credential, as its issuer states it and its true value, in ms. */
  readonly announcedMs: number;
  readonly livesMs: number;
  /**
   * The environment of each process. There are two of one environment, so that one lacks the
   * other's memory.
   */
  readonly processes: readonly (0 | 1)[];
  readonly ticks: number;
  readonly fetches: number;
  readonly restarts: number;
  readonly releases: number;
  /** How often the store loses the registry, and how often a part of it is damaged. */
  readonly losses: number;
  readonly spoils: number;
}

/** The decisions of core. A mutant changes one of them. */
export interface ClaimProtocol {
  readonly decide: typeof decideClaim;
  readonly again: typeof decideAgain;
  readonly first: typeof renewedBy;
  /** True if the registry is written only over the version that was read. */
  readonly compares: boolean;
}

export interface ClaimModel {
  readonly bounds: ClaimBounds;
  readonly protocol: ClaimProtocol;
}

export function claimModelOf(
  bounds: ClaimBounds,
  protocol: Partial<ClaimProtocol> = {},
): ClaimModel {
  const production = { decide: decideClaim, again: decideAgain, first: renewedBy, compares: true };
  return { bounds, protocol: { ...production, ...protocol } };
}

/** One process of an environment. */
export interface ClaimProcess {
  readonly environment: 0 | 1;
  readonly role: "owner" | "consumer";
  /** True if it has read nothing yet, so that it may claim without reading first. */
  readonly isNew: boolean;
  readonly remembered: RememberedClaim | undefined;
  readonly coveredMs: number;
  /** The registry that it has read and not yet decided on. */
  readonly reading:
    | { readonly registry: Registry | undefined; readonly version: number; readonly nowMs: number }
    | undefined;
  /** True if it may fetch until time passes. */
  readonly mayFetch: boolean;
  /** True if it must extend its claim to the end of the token that it has just fetched. */
  readonly mustExtend: boolean;
}

/** One environment, with the auditor's own knowledge of it. */
export interface ClaimEnvironment {
  readonly credential: ClaimedCredential | undefined;
  /**
   * The order in which the environments came. Undefined: it claims nothing. Equal: the order is
   * unknown.
   */
  readonly rank: number | undefined;
  /** True if the store has lost or damaged its claim, so that no process can see it. */
  readonly isLost: boolean;
}

export interface ClaimWorld {
  readonly nowMs: number;
  /** Undefined: there is none. `spoiled`: the stored value is no registry. */
  readonly registry: Registry | "spoiled" | undefined;
  /** 0: there is none. No version is used twice. */
  readonly version: number;
  readonly versions: number;
  readonly environments: readonly [ClaimEnvironment, ClaimEnvironment];
  readonly processes: readonly ClaimProcess[];
  /** True if a conflict of the two has been reported. */
  readonly isReported: boolean;
  readonly ranks: number;
  readonly left: ClaimBudget;
}

export type ClaimBudget = Pick<
  ClaimBounds,
  "ticks" | "fetches" | "restarts" | "releases" | "losses" | "spoils"
>;

export const names = ["production", "staging"] as const;

export function claimantOf(
  { bounds }: ClaimModel,
  { environment }: Pick<ClaimProcess, "environment">,
): Claimant {
  const name = names[environment];
  return {
    environment: name,
    path: [name],
    node: "n",
    onConflict: bounds.onConflict[environment],
    lifetimeMs: bounds.announcedMs,
  };
}

export function freshClaimProcess(environment: 0 | 1): ClaimProcess {
  return {
    environment,
    role: "owner",
    isNew: true,
    remembered: undefined,
    coveredMs: 0,
    reading: undefined,
    mayFetch: false,
    mustExtend: false,
  };
}

const nothing: ClaimEnvironment = { credential: undefined, rank: undefined, isLost: false };

export function claimStart({ bounds }: ClaimModel): ClaimWorld {
  const { processes, ticks, fetches, restarts, releases, losses, spoils } = bounds;
  return {
    nowMs: startMs,
    registry: undefined,
    version: 0,
    versions: 0,
    environments: [nothing, nothing],
    processes: processes.map((environment) => freshClaimProcess(environment)),
    isReported: false,
    ranks: 1,
    left: { ticks, fetches, restarts, releases, losses, spoils },
  };
}
