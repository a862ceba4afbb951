/**
 * Checks whether the credential of a request is alive, and finds the code with which a dead one is
 * refused.
 */
import type { RefusalCause } from "./account.ts";
import type { EndCause, Token, TokenKind, TokenRegistry } from "../ledger/token.ts";
import { isAlive } from "../ledger/token.ts";

/** The kinds of token that an endpoint accepts, and its codes for all others. */
export interface Expectation {
  readonly kinds: ReadonlySet<TokenKind>;
  readonly missing: number;
  /** The code for a text that is too short or has characters that no token has. */
  readonly malformed: number;
  readonly unknown: number;
  readonly ended: Readonly<Record<EndCause, number>>;
}

/** `dead` is the code of a token that was superseded, revoked or never issued. */
function expectation(
  kinds: readonly TokenKind[],
  {
    missing = 41001,
    malformed,
    dead,
    expired,
  }: {
    readonly missing?: number;
    readonly malformed: number;
    readonly dead: number;
    readonly expired: number;
  },
): Expectation {
  const ended = { superseded: dead, revoked: dead, expired };
  return { kinds: new Set(kinds), missing, malformed, unknown: dead, ended };
}

export const officialToken: Expectation = expectation(["plain", "stable", "authorizer"], {
  malformed: 40014,
  dead: 40001,
  expired: 42001,
});

export const componentToken: Expectation = expectation(["component"], {
  malformed: 40014,
  dead: 40001,
  expired: 42006,
});

export const wecomToken: Expectation = expectation(["corp", "suite-corp"], {
  malformed: 40014,
  dead: 40014,
  expired: 42001,
});

export const suiteToken: Expectation = expectation(["suite"], {
  missing: 41022,
  malformed: 40082,
  dead: 40082,
  expired: 42009,
});

export const providerToken: Expectation = expectation(["provider"], {
  malformed: 40082,
  dead: 40082,
  expired: 42009,
});

const wellFormed = /^[\w-]{20,2048}$/;

export type Checked =
  | { readonly alive: true; readonly token: Token }
  | { readonly alive: false; readonly token: Token | undefined; readonly cause: RefusalCause };

export function checkToken(
  registry: TokenRegistry,
  text: string,
  expected: Expectation,
  nowMs: number,
): Checked {
  const token = registry.find(text);
  if (token === undefined || !expected.kinds.has(token.kind))
    return { alive: false, token: undefined, cause: unknownTokenCause(text, expected) };
  if (isAlive(token, nowMs)) return { alive: true, token };
  return {
    alive: false,
    token,
    cause: { code: expected.ended[token.endCause], reason: token.endCause },
  };
}

function unknownTokenCause(text: string, expected: Expectation): RefusalCause {
  if (text === "") return { code: expected.missing, reason: "missing-token" };
  return {
    code: wellFormed.test(text) ? expected.unknown : expected.malformed,
    reason: "unknown-token",
  };
}
