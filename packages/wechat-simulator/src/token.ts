/** Tokens, tickets and refresh tokens as the platform keeps them: what each is for, and when and why it ends. */
import type { Random } from "@lingpai/core";

/** What a credential gives access to; decides with which code a dead one is refused. */
export type TokenKind =
  | "plain"
  | "stable"
  | "authorizer"
  | "component"
  | "corp"
  | "suite-corp"
  | "suite"
  | "provider"
  | "ticket"
  | "refresh"
  | "verify-ticket"
  | "suite-ticket"
  | "code";

export type EndCause = "expired" | "superseded" | "revoked";

/** One credential. Alive while the clock stands before `endsAtMs`. */
export interface Token {
  /** `T7` for a token, `K2` for a ticket, `R1` for a refresh token, `C3` for a code: what logs show. */
  readonly id: string;
  readonly text: string;
  readonly kind: TokenKind;
  /** The AppID, corp id or suite id that it belongs to. */
  readonly appId: string;
  readonly issuedAtMs: number;
  /** When its natural life is over. */
  readonly expiresAtMs: number;
  readonly endsAtMs: number;
  readonly endCause: EndCause;
}

/** A token as tests and audits see it: without its text. */
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

  /** Ends the token at this instant, unless it ends earlier anyway. */
  end(token: Token, atMs: number, cause: EndCause): void {
    const own = this.#byText.get(token.text);
    if (own === undefined || atMs >= own.endsAtMs) return;
    own.endsAtMs = atMs;
    own.endCause = cause;
  }

  forget(token: Token): void {
    this.#byText.delete(token.text);
  }

  /** As long and as shaped as WeChat's: two digits, an underscore, 132 URL-safe characters. */
  #text(): string {
    let text = `${10 + Math.floor(this.#random.next() * 90)}_`;
    for (let part = 0; part < 6; part += 1) text += this.#random.id();
    return text;
  }
}

/** How a new token of a space treats the ones before. */
export interface Supersession {
  /** How many of the newest tokens may be alive at once. */
  readonly window: number;
  /** How long a superseded token within the window works on, in ms. */
  readonly overlapMs: number;
}

/** Ended tokens are told apart (superseded, expired) for a day, then forgotten. */
const rememberedMs = 86_400_000;

/** The tokens of one credential, of which a new one supersedes the older. */
export class TokenSpace {
  readonly #registry: TokenRegistry;
  readonly kind: TokenKind;
  readonly appId: string;
  readonly lifetimeMs: number;
  #tokens: Token[] = [];

  constructor(registry: TokenRegistry, kind: TokenKind, appId: string, lifetimeMs: number) {
    this.#registry = registry;
    this.kind = kind;
    this.appId = appId;
    this.lifetimeMs = lifetimeMs;
  }

  /** The one issued last, dead or alive. */
  get newest(): Token | undefined {
    return this.#tokens.at(-1);
  }

  /** The one issued last, if it is alive. */
  current(nowMs: number): Token | undefined {
    const { newest } = this;
    return newest !== undefined && isAlive(newest, nowMs) ? newest : undefined;
  }

  live(nowMs: number): readonly Token[] {
    return this.#tokens.filter((token) => isAlive(token, nowMs));
  }

  issue(nowMs: number, { window, overlapMs }: Supersession): Token {
    this.#forgetOld(nowMs);
    const older = this.#tokens.length - 1;
    this.#tokens.forEach((token, index) => {
      const isWithinWindow = older - index < window - 1;
      this.#registry.end(token, isWithinWindow ? nowMs + overlapMs : nowMs, "superseded");
    });
    const token = this.#registry.make(this.kind, this.appId, nowMs, this.lifetimeMs);
    this.#tokens.push(token);
    return token;
  }

  endAll(nowMs: number, cause: EndCause): void {
    for (const token of this.#tokens) this.#registry.end(token, nowMs, cause);
  }

  #forgetOld(nowMs: number): void {
    const isRemembered = (token: Token): boolean => nowMs - token.endsAtMs < rememberedMs;
    if (this.#tokens.every(isRemembered)) return;
    for (const token of this.#tokens) if (!isRemembered(token)) this.#registry.forget(token);
    this.#tokens = this.#tokens.filter(isRemembered);
  }
}
