/**
 * Whether a credential that arrives with a request is alive, and with which code a dead one is
 * refused.
 */
import type { Objection } from "./account.ts";
import type { EndCause, Token, TokenKind, TokenRegistry } from "../ledger/token.ts";
import { isAlive } from "../ledger/token.ts";

/** What an endpoint accepts, and its codes for what it does not. */
export interface Expectation {
  readonly kinds: ReadonlySet<TokenKind>;
  readonly missing: number;
  /** Too short or of other characters than any token has. */
  readonly malformed: number;
  readonly unknown: number;
  readonly ended: Readonly<Record<EndCause, number>>;
}

export const officialToken: Expectation = {
  kinds: new Set(["plain", "stable", "authorizer"]),
  missing: 41001,
  malformed: 40014,
  unknown: 40001,
  ended: { superseded: 40001, revoked: 40001, expired: 42001 },
};

export const componentToken: Expectation = {
  kinds: new Set(["component"]),
  missing: 41001,
  malformed: 40014,
  unknown: 40001,
  ended: { superseded: 40001, revoked: 40001, expired: 42006 },
};

export const wecomToken: Expectation = {
  kinds: new Set(["corp", "suite-corp"]),
  missing: 41001,
  malformed: 40014,
  unknown: 40014,
  ended: { superseded: 40014, revoked: 40014, expired: 42001 },
};

export const suiteToken: Expectation = {
  kinds: new Set(["suite"]),
  missing: 41022,
  malformed: 40082,
  unknown: 40082,
  ended: { superseded: 40082, revoked: 40082, expired: 42009 },
};

export const providerToken: Expectation = {
  kinds: new Set(["provider"]),
  missing: 41001,
  malformed: 40082,
  unknown: 40082,
  ended: { superseded: 40082, revoked: 40082, expired: 42009 },
};

const wellFormed = /^[\w-]{20,2048}$/;

export type Checked =
  | { readonly alive: true; readonly token: Token }
  | { readonly alive: false; readonly token: Token | undefined; readonly objection: Objection };

export function checkToken(
  registry: TokenRegistry,
  text: string,
  expected: Expectation,
  nowMs: number,
): Checked {
  const token = registry.find(text);
  if (token === undefined || !expected.kinds.has(token.kind))
    return { alive: false, token: undefined, objection: strangerObjection(text, expected) };
  if (isAlive(token, nowMs)) return { alive: true, token };
  return {
    alive: false,
    token,
    objection: { code: expected.ended[token.endCause], reason: token.endCause },
  };
}

function strangerObjection(text: string, expected: Expectation): Objection {
  if (text === "") return { code: expected.missing, reason: "missing-token" };
  return {
    code: wellFormed.test(text) ? expected.unknown : expected.malformed,
    reason: "unknown-token",
  };
}
