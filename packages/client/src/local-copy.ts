/** This process's copy of a credential: until when it may be sent, and which ones were refused. */
import { Secret } from "@lingpai/core";
import type { Clock } from "@lingpai/core";
import type { ServerBody } from "./server-call.ts";

export interface Copy {
  readonly secret: Secret;
  readonly promise: Promise<Secret>;
  readonly generation: number;
  readonly commitId: string;
  /** On the monotonic clock. Counted from when the request was sent, so it is never too late. */
  serveUntilMs: number;
  renewsAtMs: number;
  readonly heldSinceMs: number;
  uses: number;
}

const rememberedMax = 16;

export class LocalCopy {
  readonly #clock: Clock;
  readonly #refused = new Set<string>();
  #copy: Copy | undefined;
  /** The uses of the copies before this one. */
  #usesBefore = 0;
  #lifeMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get copy(): Copy | undefined {
    return this.#copy;
  }

  /** How often this process handed a copy out. */
  get uses(): number {
    return this.#usesBefore + (this.#copy?.uses ?? 0);
  }

  /** The longest rest of a life that the server stated. */
  get lifeMs(): number {
    return this.#lifeMs;
  }

  get usable(): Copy | undefined {
    const copy = this.#copy;
    return copy !== undefined && this.#clock.monotonicMs() < copy.serveUntilMs ? copy : undefined;
  }

  /** True if it is a new one. A replica that lags behind cannot restore an older one. */
  adopt(body: ServerBody, sentAtMs: number): boolean {
    const { commitId, expiresInMs, fingerprint, generation, renewsInMs } = body;
    const present = this.usable;
    this.#lifeMs = Math.max(this.#lifeMs, expiresInMs);
    if (this.#refused.has(fingerprint)) return false;
    const serveUntilMs = sentAtMs + expiresInMs;
    const renewsAtMs = sentAtMs + renewsInMs;
    if (present?.commitId === commitId) {
      present.serveUntilMs = Math.max(present.serveUntilMs, serveUntilMs);
      present.renewsAtMs = renewsAtMs;
      return false;
    }
    if (present !== undefined && generation < present.generation) return false;
    const isSame = present?.secret.fingerprint === fingerprint;
    const secret = isSame ? present.secret : new Secret(body.secret, fingerprint);
    if (!isSame) this.forget();
    this.#copy = {
      secret,
      promise: Promise.resolve(secret),
      generation,
      commitId,
      serveUntilMs,
      renewsAtMs,
      heldSinceMs: isSame ? present.heldSinceMs : this.#clock.monotonicMs(),
      uses: isSame ? present.uses : 0,
    };
    return !isSame;
  }

  /** For this time, the server may confirm that the same commit is alive. */
  extend(commitId: string, untilMs: number): void {
    if (this.#copy?.commitId === commitId)
      this.#copy.serveUntilMs = Math.max(this.#copy.serveUntilMs, untilMs);
  }

  /** Never returns this credential again, unless the server confirms it. */
  refuse(fingerprint: string): void {
    this.#refused.add(fingerprint);
    if (this.#refused.size > rememberedMax)
      for (const oldest of this.#refused) {
        this.#refused.delete(oldest);
        break;
      }
    if (this.#copy?.secret.fingerprint === fingerprint) this.forget();
  }

  readmit(fingerprint: string): void {
    this.#refused.delete(fingerprint);
  }

  forget(): void {
    this.#usesBefore = this.uses;
    this.#copy = undefined;
  }
}
