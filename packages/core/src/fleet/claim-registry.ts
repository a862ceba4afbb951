/**
 * The registry of claims on one credential as text. Entries of older and newer releases are kept as
 * they are.
 */
import { claimsPath } from "../cache/claims-path.ts";
import { CredentialConflictError, UnreadableEntryError } from "../errors.ts";

export interface Claim {
  readonly environment: string;
  /** The path of this environment's documents, which identifies the environment in this store. */
  readonly path: readonly string[];
  readonly node: string;
  /** Orders the claims: the earlier one is never refused because of the later one. */
  readonly sinceMs: number;
  readonly renewedMs: number;
  /**
   * The claim holds until then without a renewal, because the credential lives that long. Absent in
   * claims of older releases.
   */
  readonly untilMs?: number;
}

export interface Registry {
  readonly claims: readonly Claim[];
  /** Claims that this release cannot read. They may belong to an environment. */
  readonly unreadable: readonly unknown[];
  /** Claims that an operator released. Older releases drop these entries. */
  readonly released?: readonly Release[];
}

/**
 * The environment under this path was gone, so what it fetched before no longer counts as claimed.
 */
export interface Release {
  readonly path: readonly string[];
  readonly atMs: number;
}

export const noClaims: Registry = { claims: [], unreadable: [] };
/** The most releases that are kept, the newest ones. */
export const releasedMax = 16;

/** A claim that was not renewed for this time counts as given up, unless it states a later end. */
export const staleAfterMs: number = 2 * 86_400_000;
const heldMaxMs = 366 * 86_400_000;

/** Returns when a claim that nobody renews counts as given up, in store time. */
export function endsAtMs({ renewedMs, untilMs = 0 }: Claim): number {
  return Math.max(renewedMs + staleAfterMs, Math.min(untilMs, renewedMs + heldMaxMs));
}

type Placed = Pick<Claim, "path" | "sinceMs">;

/**
 * Returns true when one claim came before the other. A new claim is dated after all that it sees,
 * so only older releases leave ties.
 */
export function isEarlier(one: Placed, other: Placed): boolean {
  if (one.sinceMs !== other.sinceMs) return one.sinceMs < other.sinceMs;
  return JSON.stringify(one.path) < JSON.stringify(other.path);
}

/** Returns true when an unreadable entry may be the claim of a live environment. */
export function mayHold(entry: unknown, nowMs: number): boolean {
  const renewedMs =
    typeof entry === "object" && entry !== null && "renewedMs" in entry
      ? entry.renewedMs
      : undefined;
  return (
    typeof renewedMs === "number" &&
    nowMs < renewedMs + staleAfterMs &&
    renewedMs <= nowMs + staleAfterMs
  );
}

/** Returns the registry without the claim of this environment; undefined: it has none. */
export function withoutClaim(
  { claims, released = [], unreadable }: Registry,
  path: readonly string[],
  nowMs: number,
): Registry | undefined {
  const kept = claims.filter((claim) => !samePath(claim.path, path));
  if (kept.length === claims.length) return undefined;
  const others = released.filter((release) => !samePath(release.path, path));
  return {
    claims: kept,
    unreadable,
    released: [...others, { path, atMs: nowMs }].slice(-releasedMax),
  };
}

export function samePath(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((segment, index) => segment === other[index]);
}

export function encodeRegistry({ claims, unreadable, released = [] }: Registry): string {
  return JSON.stringify({
    v: 1,
    claims: [...claims, ...unreadable],
    ...(released.length > 0 && { released }),
  });
}

/**
 * @throws {UnreadableEntryError} it is no registry. A single claim that cannot be read does not
 *   hide the others.
 */
export function decodeRegistry(text: string, id: string): Registry {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // It has no claims.
  }
  const entries: unknown =
    typeof document === "object" && document !== null && "claims" in document
      ? document.claims
      : undefined;
  if (!Array.isArray(entries)) throw unreadableClaims(id);
  const released: unknown = (document as Record<string, unknown>)["released"];
  return {
    claims: entries.filter(isClaim),
    unreadable: entries.filter((entry) => !isClaim(entry)),
    ...(Array.isArray(released) && { released: released.filter(isRelease) }),
  };
}

export function unreadableClaims(id: string): UnreadableEntryError {
  return new UnreadableEntryError(
    id,
    "format",
    `The claims on "${id}" at ${claimsPath.join(":")} cannot be read, so an environment that has no credential yet must not fetch one. ` +
      "A newer release may have written there: upgrade this node. Otherwise find out what writes to that place; what nobody renews expires after four days.",
  );
}

/** The error for an environment that must not fetch, because another one claimed the id first. */
export function conflictWith(
  { environment: claimedBy, node }: Claim,
  id: string,
  environment: string,
): CredentialConflictError {
  return new CredentialConflictError(
    `"${id}" belongs to the environment "${claimedBy}" (claimed by node ${node}). A fetch by "${environment}" would kill its token, so nothing was fetched. ` +
      `Use an AppID of its own for "${environment}", set onConflict to "consume" to use the token of "${claimedBy}", or use the stable token. ` +
      `If "${claimedBy}" is gone, call releaseClaim(), or wait until its claim lapses.`,
    claimedBy,
  );
}

const labelPattern = /^[A-Za-z0-9._-]{1,64}$/;

function isClaim(value: unknown): value is Claim {
  const claim = (value ?? {}) as Record<string, unknown>;
  const isLabel = (label: unknown): boolean =>
    typeof label === "string" && labelPattern.test(label);
  return (
    isLabel(claim["environment"]) &&
    isLabel(claim["node"]) &&
    isPath(claim["path"]) &&
    Number.isFinite(claim["sinceMs"]) &&
    Number.isFinite(claim["renewedMs"]) &&
    (claim["untilMs"] === undefined || Number.isFinite(claim["untilMs"]))
  );
}

function isRelease(value: unknown): value is Release {
  const { path, atMs } = (value ?? {}) as Record<string, unknown>;
  return isPath(path) && Number.isFinite(atMs);
}

function isPath(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((segment) => typeof segment === "string");
}
