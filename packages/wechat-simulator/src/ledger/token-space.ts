/** The tokens of one credential, and how a new one treats those before it. */
import type { EndCause, Token, TokenKind, TokenRegistry } from "./token.ts";
import { isAlive } from "./token.ts";

/** How a new token treats the ones before. */
export interface Supersession {
  /** How many of the newest tokens may be alive at once. */
  readonly window: number;
  /** How long a superseded token within the window works on, in ms. */
  readonly overlapMs: number;
}

/** For credentials that live to their own end, whatever is issued after them. */
export const independent: Supersession = { window: Infinity, overlapMs: Infinity };

/** Ended tokens are told apart (superseded, expired) for a day, then forgotten. */
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

  /** A new token; those before it are superseded, by default as the space does it. */
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

  /** The same text with its whole life once more; a new one when there is none. */
  renewed(nowMs: number): Token {
    const { newest } = this;
    if (newest === undefined) return this.issue(nowMs);
    this.#registry.renew(newest, nowMs, this.lifetimeMs);
    return newest;
  }

  /** The same token while it lives, else a new one. */
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

/** All spaces of a platform, by whose they are. */
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
   * Those of one owner, and of one kind if given; an account may have several of a kind (its
   * tickets, say).
   */
  of(appId: string, kind?: TokenKind): readonly TokenSpace[] {
    const spaces = this.#byAppId.get(appId) ?? [];
    return kind === undefined ? spaces : spaces.filter((space) => space.kind === kind);
  }
}
