/**
 * Decides who owns a credential that several environments of one store claim: pure functions over
 * the claims, the settings, and what one process remembers. `ownership.ts` does the I/O.
 */
import type { OnConflict } from "../credential.ts";
import type { StoredCredential } from "../state/state.ts";
import {
  endsAtMs,
  isEarlier,
  mayHold,
  samePath,
  staleAfterMs,
  type Claim,
  type Registry,
} from "./claim-registry.ts";

export { endsAtMs, noClaims, withoutClaim } from "./claim-registry.ts";
export type { Claim, Registry } from "./claim-registry.ts";

/** An environment, and the process that decides for it. */
export interface Claimant {
  readonly environment: string;
  readonly path: readonly string[];
  readonly node: string;
  readonly onConflict: OnConflict;
  /** The lifetime of its credentials that the issuer states. */
  readonly lifetimeMs: number;
}

/** The parts of a credential that show when and how this environment came by it. */
export type ClaimedCredential = Pick<StoredCredential, "sentAtMs" | "expiresAtMs" | "by">;

/** A claim that the registry may have lost: since when it holds, and until when. */
export interface RememberedClaim {
  readonly sinceMs: number;
  readonly endsMs: number;
}

/** What a process knows when it decides. All instants are the store's. */
export interface ClaimFacts {
  /** As it is stored; undefined: what is stored is no registry. */
  readonly registry: Registry | undefined;
  /** The oldest claim of this environment that this process has read or written. */
  readonly remembered?: RememberedClaim | undefined;
  /** This environment's newest credential, dead or alive; undefined: it has never had one. */
  readonly credential?: ClaimedCredential | undefined;
  /** When the last credential that this process fetched ends. */
  readonly coveredMs: number;
  readonly nowMs: number;
}

/** The same facts when the stored value is a registry, or when nothing is stored. */
export type ReadableFacts = ClaimFacts & { readonly registry: Registry };

/** What is to be stored: all claims, this environment's among them. */
export interface Renewal {
  readonly registry: Registry;
  readonly own: Claim;
  /** How long the store keeps it. */
  readonly ttlMs: number;
}

export type ClaimVerdict =
  /** It may fetch, once the renewal is stored; undefined: its claim is fresh. */
  | { readonly kind: "own"; readonly renewal: Renewal | undefined }
  /** It uses the credential of the environment that claimed first. */
  | { readonly kind: "consume"; readonly by: Claim }
  /** It must not fetch: another environment claimed first. */
  | { readonly kind: "refused"; readonly by: Claim }
  /** It must not fetch: claims that this release cannot read may be valid. */
  | { readonly kind: "unreadable" };

/** What to report. `keep`: the other one came later. */
export interface ClaimConflict {
  readonly other: Claim;
  readonly action: Exclude<OnConflict, "coexist"> | "keep";
}

export interface ClaimDecision {
  readonly verdict: ClaimVerdict;
  readonly conflict: ClaimConflict | undefined;
  /** The claim before which this environment's does not come. */
  readonly earlier: Claim | undefined;
}

const renewEveryMs = 12 * 3_600_000;
/** A claim that is renewed when it is this old covers the life of its credential until then. */
export const coversMs: number = staleAfterMs - renewEveryMs;

/** Decides whether this environment may fetch, and what it must store before. */
export function decideClaim(claimant: Claimant, facts: ClaimFacts): ClaimDecision {
  const { onConflict } = claimant;
  if (isInTheDark(claimant, facts))
    return { verdict: { kind: "unreadable" }, conflict: undefined, earlier: undefined };
  const earlier = earlierClaim(claimant, facts);
  const conflict = conflictOf(claimant, facts, earlier);
  if (earlier !== undefined && onConflict === "consume")
    return { verdict: { kind: "consume", by: earlier }, conflict, earlier };
  if (earlier !== undefined && onConflict === "error")
    return { verdict: { kind: "refused", by: earlier }, conflict, earlier };
  return { verdict: { kind: "own", renewal: renewalOf(claimant, facts) }, conflict, earlier };
}

/** For a consumer: the claim to which it yields now; `gone` when it may fetch for itself. */
export function decideAgain(claimant: Claimant, facts: ClaimFacts): Claim | "gone" | undefined {
  return isReadable(facts) ? (earlierClaim(claimant, facts) ?? "gone") : undefined;
}

/** Returns the claims that hold. */
export function validClaims({ registry, nowMs }: Pick<ClaimFacts, "registry" | "nowMs">): Claim[] {
  return (registry?.claims ?? []).filter((claim) => nowMs < endsAtMs(claim));
}

/** Returns this environment's claim, if it is stored and holds. */
export function storedClaim(
  { path }: Pick<Claimant, "path">,
  facts: ClaimFacts,
): Claim | undefined {
  return validClaims(facts).find((claim) => samePath(claim.path, path));
}

export function isReadable({ registry }: Pick<ClaimFacts, "registry">): boolean {
  return registry !== undefined && registry.unreadable.length === 0;
}

/** Returns the registry with this environment's claim, first written or renewed now. */
export function renewedBy(claimant: Claimant, facts: ReadableFacts): Renewal {
  const { environment, lifetimeMs, node, path } = claimant;
  const { coveredMs, nowMs } = facts;
  const { released = [], unreadable } = facts.registry;
  const others = othersOf(claimant, facts);
  const afterAllMs = Math.max(nowMs, ...others.map(({ sinceMs }) => sinceMs + 1));
  const sinceMs = sinceOf(claimant, facts) ?? afterAllMs;
  const untilMs = Math.max(nowMs + staleAfterMs, Math.ceil(nowMs + lifetimeMs), coveredMs);
  const own = { environment, path, node, sinceMs, renewedMs: nowMs, untilMs };
  const claims = [...others, own];
  return {
    own,
    registry: {
      claims,
      // Only an environment whose claim is stored may drop unreadable entries: it knows that no
      // valid claim is lost with them.
      unreadable:
        storedClaim(claimant, facts) === undefined
          ? unreadable
          : unreadable.filter((entry) => mayHold(entry, nowMs)),
      released: released.filter((release) => !samePath(release.path, path)),
    },
    ttlMs: staleAfterMs + Math.max(...claims.map((claim) => endsAtMs(claim) - nowMs)),
  };
}

/** Unreadable claims stop only an environment that has neither a claim nor a credential. */
function isInTheDark(claimant: Claimant, facts: ClaimFacts): boolean {
  const { onConflict } = claimant;
  const yields = onConflict === "error" || onConflict === "consume";
  return (
    yields &&
    !isReadable(facts) &&
    facts.credential === undefined &&
    storedClaim(claimant, facts) === undefined
  );
}

function othersOf({ path }: Claimant, facts: ClaimFacts): Claim[] {
  return validClaims(facts).filter((claim) => !samePath(claim.path, path));
}

/**
 * Returns since when this environment claims the credential, even if the store has lost that: what
 * this process remembers tells it, or a living credential, which was claimed before it was fetched.
 * A process that knew less may have stored a later claim meanwhile.
 */
function sinceOf(claimant: Claimant, facts: ClaimFacts): number | undefined {
  const { credential, nowMs, registry, remembered } = facts;
  const stored = storedClaim(claimant, facts);
  const holds = remembered !== undefined && nowMs < remembered.endsMs;
  if (stored !== undefined)
    return holds ? Math.min(stored.sinceMs, remembered.sinceMs) : stored.sinceMs;
  if (holds) return remembered.sinceMs;
  if (credential === undefined) return undefined;
  const { by, expiresAtMs, sentAtMs } = credential;
  // A credential that an operator stored by hand needed no claim.
  if (by.reason === "manual" && by.claimedMs === undefined) return undefined;
  const isReleased = registry?.released?.some(
    ({ path, atMs }) => samePath(path, claimant.path) && atMs >= sentAtMs,
  );
  return nowMs < expiresAtMs && isReleased !== true ? (by.claimedMs ?? sentAtMs) : undefined;
}

/**
 * Returns the first claim that came before this environment's, or the first of all when this one
 * has none.
 */
function earlierClaim(claimant: Claimant, facts: ClaimFacts): Claim | undefined {
  const [first] = othersOf(claimant, facts).toSorted((one, other) =>
    isEarlier(one, other) ? -1 : 1,
  );
  const sinceMs = sinceOf(claimant, facts);
  const isFirst =
    first === undefined ||
    (sinceMs !== undefined && isEarlier({ sinceMs, path: claimant.path }, first));
  return isFirst ? undefined : first;
}

function conflictOf(
  claimant: Claimant,
  facts: ClaimFacts,
  earlier: Claim | undefined,
): ClaimConflict | undefined {
  const { onConflict } = claimant;
  if (onConflict === "coexist") return undefined;
  if (earlier !== undefined) return { other: earlier, action: onConflict };
  const [later] = othersOf(claimant, facts);
  return later && { other: later, action: "keep" };
}

/** Returns undefined if the claim is fresh, or if the stored value is no registry. */
function renewalOf(claimant: Claimant, facts: ClaimFacts): Renewal | undefined {
  const { coveredMs, nowMs, registry } = facts;
  if (registry === undefined) return undefined;
  const stored = storedClaim(claimant, facts);
  const isFresh =
    stored !== undefined &&
    nowMs - stored.renewedMs < renewEveryMs &&
    stored.sinceMs === sinceOf(claimant, facts) &&
    endsAtMs(stored) >= coveredMs;
  return isFresh ? undefined : renewedBy(claimant, { ...facts, registry });
}
