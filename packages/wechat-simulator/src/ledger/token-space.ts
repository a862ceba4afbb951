/** All tokens of one credential, and the effect of a new token on those before it. */
import type { EndCause, Token, TokenKind, TokenRegistry } from "./token.ts";
import { isAlive } from "./token.ts";

/** The effect of a new token on those before it. */
export interface Supersession {
  /** How many of the newest tokens may be alive at once. */
  readonly window: number;
  /** How long a superseded token within the window stays alive, in ms. */
  readonly overlapMs: number;
}

/** For credentials that live to their own end, whatever is issued later. */
export const independent: Supersession = { window: Infinity, overlapMs: Infinity };

/** How long an ended token is remembered, so that a refusal can say how it ended. */
const rememberedMs = 86_400_000;

export interface SpaceOptions {
  readonly kind: TokenKind;
  readonly appId: string;
  readonly lifetimeMs: number;
  readonly supersession: Supersession;
}

export class TokenSpace {
  readonly kind: TokenKind;
  readonly appId: string;
  readonly lifetimeMs: number;
  readonly supersession: Supersession;
  readonly #registry: TokenRegistry;
  #tokens: Token[] = [];

  constructor(registry: TokenRegistry, { kind, appId, lifetimeMs, supersession }: SpaceOptions) {
    this.#registry = registry;
    this.kind = kind;
    this.appId = appId;
    this.lifetimeMs = lifetimeMs;
    this.supersession = supersession;
  }

  /** The token that was issued last, dead or alive. */
  get newest(): Token | undefined {
    return this.#tokens.at(-1);
  }

  /** The token that was issued last, if it is alive. */
  current(nowMs: number): Token | undefined {
    const { newest } = this;
    return newest !== undefined && isAlive(newest, nowMs) ? newest : undefined;
  }

  live(nowMs: number): readonly Token[] {
    return this.#tokens.filter((token) => isAlive(token, nowMs));
  }

  /** Issues a new token and supersedes those before it, by default as the space's options say. */
  issue(nowMs: number, { window, overlapMs }: Supersession = this.supersession): Token {
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

  /** The same text with its whole lifetime again. Without a token: a new one. */
  renewed(nowMs: number): Token {
    const { newest } = this;
    if (newest === undefined) return this.issue(nowMs);
    this.#registry.renew(newest, nowMs, this.lifetimeMs);
    return newest;
  }

  /** The same token during its lifetime, then a new one. */
  currentOrNew(nowMs: number): { readonly token: Token; readonly isNew: boolean } {
    const current = this.current(nowMs);
    return current === undefined
      ? { token: this.issue(nowMs), isNew: true }
      : { token: current, isNew: false };
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

/** All spaces of a platform, by their owner. */
export class TokenSpaces {
  readonly #registry: TokenRegistry;
  readonly #byAppId = new Map<string, TokenSpace[]>();

  constructor(registry: TokenRegistry) {
    this.#registry = registry;
  }

  open(options: SpaceOptions): TokenSpace {
    const space = new TokenSpace(this.#registry, options);
    const others = this.#byAppId.get(options.appId);
    if (others === undefined) this.#byAppId.set(options.appId, [space]);
    else others.push(space);
    return space;
  }

  /**
   * The spaces of one owner, and of one kind if given. An account may have several of a kind, such
   * as its tickets.
   */
  of(appId: string, kind?: TokenKind): readonly TokenSpace[] {
    const spaces = this.#byAppId.get(appId) ?? [];
    return kind === undefined ? spaces : spaces.filter((space) => space.kind === kind);
  }
}
