/**
 * The registry of claims on one credential as text. What an older or newer release wrote there is
 * carried along, never guessed at.
 */
import { claimsPath } from "../cache/claims-path.ts";
import { UnreadableEntryError } from "../errors.ts";

export interface Claim {
  readonly environment: string;
  /** Where this environment keeps its documents: its identity in this store. */
  readonly path: readonly string[];
  readonly node: string;
  /** Orders the claims: the earlier one is never refused because of the later one. */
  readonly sinceMs: number;
  readonly renewedMs: number;
  /**
   * Holds until then although nobody renews it, because the credential lives so long. Absent in
   * claims of older releases.
   */
  readonly untilMs?: number;
}

export interface Registry {
  readonly claims: readonly Claim[];
  /** Claims that this release cannot read. They may be somebody's. */
  readonly unreadable: readonly unknown[];
}

/**
 * A claim that was not renewed for so long counts as given up, unless it says that it holds longer.
 */
export const staleAfterMs: number = 2 * 86_400_000;
const heldMaxMs = 366 * 86_400_000;

/** When a claim that nobody renews any more counts as given up, in store time. */
export function endsAtMs({ renewedMs, untilMs = 0 }: Claim): number {
  return Math.max(renewedMs + staleAfterMs, Math.min(untilMs, renewedMs + heldMaxMs));
}

/**
 * Whether one claim came before the other. A new claim is dated after all that it sees, so a tie is
 * left by an older release only.
 */
export function isEarlier(one: Claim, other: Claim): boolean {
  if (one.sinceMs !== other.sinceMs) return one.sinceMs < other.sinceMs;
  return JSON.stringify(one.path) < JSON.stringify(other.path);
}

/** Whether something that cannot be read may be the claim of an environment that lives. */
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

export function samePath(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((segment, index) => segment === other[index]);
}

export function encodeRegistry({ claims, unreadable }: Registry): string {
  return JSON.stringify({ v: 1, claims: [...claims, ...unreadable] });
}

/**
 * @throws {UnreadableEntryError} it is no registry at all. A single claim that cannot be read
 *   stands beside the others.
 */
export function decodeRegistry(text: string, id: string): Registry {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    document = undefined;
  }
  const entries: unknown =
    typeof document === "object" && document !== null && "claims" in document
      ? document.claims
      : undefined;
  if (!Array.isArray(entries)) throw unreadableClaims(id);
  return {
    claims: entries.filter(isClaim),
    unreadable: entries.filter((entry) => !isClaim(entry)),
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

const labelPattern = /^[A-Za-z0-9._-]{1,64}$/;

function isClaim(value: unknown): value is Claim {
  if (typeof value !== "object" || value === null) return false;
  const claim = value as Record<string, unknown>;
  const isLabel = (label: unknown): boolean =>
    typeof label === "string" && labelPattern.test(label);
  const isPath =
    Array.isArray(claim["path"]) && claim["path"].every((segment) => typeof segment === "string");
  return (
    isLabel(claim["environment"]) &&
    isLabel(claim["node"]) &&
    isPath &&
    Number.isFinite(claim["sinceMs"]) &&
    Number.isFinite(claim["renewedMs"]) &&
    (claim["untilMs"] === undefined || Number.isFinite(claim["untilMs"]))
  );
}
