/** Finds the account of an access token: its present token, or one that SDKs may still hold. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock } from "@lingpai/core";
import type { Served } from "./served-credential.ts";

interface Known {
  readonly commitId: string | undefined;
  readonly digest: Buffer;
  /** On the monotonic clock. Undefined for the present one. */
  untilMs: number | undefined;
}

export class AccountTokens {
  readonly #accounts: ReadonlyMap<string, Served>;
  readonly #clock: Clock;
  readonly #holdMs: number;
  readonly #known = new Map<Served, Known[]>();

  /** @param holdMs how long SDKs may hold a token that has been replaced. */
  constructor(accounts: ReadonlyMap<string, Served>, clock: Clock, holdMs: number) {
    this.#accounts = accounts;
    this.#clock = clock;
    this.#holdMs = holdMs;
  }

  /** Records the present token of an account, so that it is still known after it was replaced. */
  look(account: Served): readonly Known[] {
    const nowMs = this.#clock.monotonicMs();
    const known = (this.#known.get(account) ?? []).filter(
      ({ untilMs }) => untilMs === undefined || untilMs > nowMs,
    );
    this.#known.set(account, known);
    const { commitId } = account.credential.status();
    const last = known.find(({ untilMs }) => untilMs === undefined);
    if (last?.commitId === commitId) return known;
    if (last !== undefined) last.untilMs = nowMs + this.#holdMs;
    const present = account.credential.peek();
    if (present === undefined) return known;
    known.push({ commitId, digest: digestOf(present.reveal()), untilMs: undefined });
    return known;
  }

  /**
   * Returns the account of a token. The hashes are kept, because a caller needs no key here and
   * must cost little. They are compared, so that the duration reveals nothing of the token.
   */
  of(token: string): Served | undefined {
    if (token === "" || token.length > 16_384) return undefined;
    const given = digestOf(token);
    let found: Served | undefined;
    for (const account of this.#accounts.values())
      for (const { digest } of this.look(account))
        if (timingSafeEqual(digest, given)) found = account;
    return found;
  }
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
