/** The credentials of one AppID as the platform keeps them, for each {@link IssuePolicy}. */
import { IssueError } from "../errors.ts";
import type { IssuePolicy } from "../issuer.ts";

export interface Token {
  readonly secret: string;
  readonly nextInput: string | undefined;
  /** When it dies, whatever else happens. */
  expiresAtMs: number;
  /** Until when its `nextInput` is accepted as an input. */
  inputUntilMs: number;
}

export interface TokenOrder {
  readonly forced: boolean;
  readonly lifetimeMs: number;
  readonly nextInput: string | undefined;
}

export interface TokenSpace {
  nowMs(): number;
  /**
   * Issues a credential by the policy. It may be the newest one again.
   *
   * @throws {IssueError} `input` when a single-use input is no longer accepted.
   */
  issue(order: TokenOrder): Token;
  alive(secret: string): boolean;
  revoke(secret: string): void;
  readonly latest: Token | undefined;
}

export function tokenSpace(policy: IssuePolicy, nowMs: () => number): TokenSpace {
  /** Oldest first. */
  const tokens: Token[] = [];
  const bySecret = new Map<string, Token>();
  /** All tokens before this place are dead. Thousands of them are issued in a simulated day. */
  let firstLiving = 0;

  const create = (lifetimeMs: number): Token => {
    const number = String(tokens.length + 1).padStart(4, "0");
    const token: Token = {
      secret: `token-${number}`,
      nextInput: policy.kind === "rotate" ? `input-${number}` : undefined,
      expiresAtMs: nowMs() + lifetimeMs,
      inputUntilMs: Number.POSITIVE_INFINITY,
    };
    tokens.push(token);
    bySecret.set(token.secret, token);
    return token;
  };

  /**
   * Issues a new credential. The newest one before it dies after the overlap, and all older ones
   * die at once.
   */
  const supersede = (lifetimeMs: number, overlapMs: number): Token => {
    const latest = tokens.at(-1);
    for (const token of tokens.slice(firstLiving)) {
      const overlap = token === latest ? overlapMs : 0;
      token.expiresAtMs = Math.min(token.expiresAtMs, nowMs() + overlap);
    }
    firstLiving = Math.max(0, tokens.length - 1);
    return create(lifetimeMs);
  };

  const issue = ({ forced, lifetimeMs, nextInput }: TokenOrder): Token => {
    const latest = tokens.at(-1);
    const remainingMs = latest === undefined ? 0 : latest.expiresAtMs - nowMs();
    switch (policy.kind) {
      case "supersede":
        return supersede(lifetimeMs, policy.overlapMs);
      case "stable":
        if (forced) return supersede(lifetimeMs, 0);
        return latest !== undefined && remainingMs > 0 && remainingMs >= policy.renewWithinMs
          ? latest
          : create(lifetimeMs);
      case "sliding":
        if (latest === undefined || remainingMs <= 0) return create(lifetimeMs);
        latest.expiresAtMs = nowMs() + lifetimeMs;
        return latest;
      case "rotate":
        if (
          latest !== undefined &&
          !tokens.some((token) => token.nextInput === nextInput && nowMs() < token.inputUntilMs)
        )
          throw new IssueError(
            "input",
            "The single-use input was used before. Recover it, or authorise again.",
          );
        if (latest !== undefined)
          latest.inputUntilMs = nowMs() + (policy.inputGraceMs ?? policy.overlapMs);
        return supersede(lifetimeMs, policy.overlapMs);
    }
  };

  return {
    nowMs,
    issue,
    alive: (secret) => nowMs() < (bySecret.get(secret)?.expiresAtMs ?? 0),
    revoke(secret) {
      const token = bySecret.get(secret);
      if (token !== undefined) token.expiresAtMs = Math.min(token.expiresAtMs, nowMs());
    },
    get latest() {
      return tokens.at(-1);
    },
  };
}
