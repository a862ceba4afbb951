/**
 * Tokens, tickets, refresh tokens and codes as the platform stores them: what each is for, and when
 * and why it ends.
 */
import type { Random } from "@lingpai/core";

/** The use of a credential. It decides the code with which a dead one is refused. */
export type TokenKind =
  | "plain"
  | "stable"
  | "authorizer"
  | "component"
  | "corp"
  | "suite-corp"
  | "suite"
  | "provider"
  | "user"
  | "ticket"
  | "refresh"
  | "verify-ticket"
  | "suite-ticket"
  | "code";

export type EndCause = "expired" | "superseded" | "revoked";

/** One credential. It is alive until `endsAtMs`. */
export interface Token {
  /**
   * The name in logs: `T7` for a token, `K2` for a ticket, `R1` for a refresh token, `C3` for a
   * code.
   */
  readonly id: string;
  readonly text: string;
  readonly kind: TokenKind;
  /**
   * The owner: an AppID, component AppID, suite id or corp id; for a WeCom app `corpId/agentId`.
   */
  readonly appId: string;
  readonly issuedAtMs: number;
  /** The end of its natural lifetime. */
  readonly expiresAtMs: number;
  readonly endsAtMs: number;
  readonly endCause: EndCause;
}

/** A token as tests and audits see it, without its text. */
export type TokenView = Omit<Token, "text"> & { readonly alive: boolean };

type MutableToken = { -readonly [Name in keyof Token]: Token[Name] };

const idLetters: Readonly<Record<TokenKind, string>> = {
  plain: "T",
  stable: "T",
  authorizer: "T",
  component: "T",
  corp: "T",
  "suite-corp": "T",
  suite: "T",
  provider: "T",
  user: "T",
  ticket: "K",
  refresh: "R",
  "verify-ticket": "K",
  "suite-ticket": "K",
  code: "C",
};

export function isAlive(token: Token, atMs: number): boolean {
  return atMs < token.endsAtMs;
}

export function viewOf({ text: _text, ...token }: Token, atMs: number): TokenView {
  return { ...token, alive: atMs < token.endsAtMs };
}

/** Every credential that the platform remembers, by its text. */
export class TokenRegistry {
  readonly #random: Random;
  readonly #byText = new Map<string, MutableToken>();
  readonly #counts = new Map<string, number>();

  constructor(random: Random) {
    this.#random = random;
  }

  find(text: string): Token | undefined {
    return this.#byText.get(text);
  }

  make(kind: TokenKind, appId: string, nowMs: number, lifetimeMs: number): Token {
    const letter = idLetters[kind];
    const count = (this.#counts.get(letter) ?? 0) + 1;
    this.#counts.set(letter, count);
    const expiresAtMs = nowMs + lifetimeMs;
    const id = `${letter}${count}`;
    const token = {
      id,
      text: this.#text(),
      kind,
      appId,
      issuedAtMs: nowMs,
      expiresAtMs,
      endsAtMs: expiresAtMs,
      endCause: "expired",
    } as const;
    this.#byText.set(token.text, token);
    return token;
  }

  /** Ends the token at this instant, unless it ends earlier. */
  end(token: Token, atMs: number, cause: EndCause): void {
    const own = this.#byText.get(token.text);
    if (own === undefined || atMs >= own.endsAtMs) return;
    own.endsAtMs = atMs;
    own.endCause = cause;
  }

  /** Gives the token its whole lifetime again, from this instant. */
  renew(token: Token, atMs: number, lifetimeMs: number): void {
    const own = this.#byText.get(token.text);
    if (own === undefined) return;
    own.expiresAtMs = atMs + lifetimeMs;
    own.endsAtMs = own.expiresAtMs;
  }

  forget(token: Token): void {
    this.#byText.delete(token.text);
  }

  /**
   * As long as WeChat's tokens and of the same form: two digits, an underscore, 132 URL-safe
   * characters.
   */
  #text(): string {
    let text = `${10 + Math.floor(this.#random.next() * 90)}_`;
    for (let part = 0; part < 6; part += 1) text += this.#random.id();
    return text;
  }
}
