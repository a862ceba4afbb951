/**
 * Asks the platform about a token before an SDK gets it. SDKs cache and report nothing, so without
 * this a token that somebody outside killed would be handed out again until its planned end.
 */
import { waitFor } from "@lingpai/core";
import type { Clock } from "@lingpai/core";
import type { Served } from "./served-credential.ts";

/** A credential is asked about once in this time, or in half of the time that SDKs may hold it. */
const gapMs = 30_000;
/** A platform that is slow keeps nobody waiting: then what there is is handed out. */
const waitMs = 2_000;

interface Check {
  readonly atMs: number;
  readonly done: Promise<unknown>;
}

export class AliveChecks {
  readonly #clock: Clock;
  readonly #gapMs: number;
  readonly #checks = new Map<string, Check>();

  constructor(clock: Clock, holdMs: number) {
    this.#clock = clock;
    this.#gapMs = Math.min(gapMs, holdMs / 2);
  }

  /**
   * Resolves when the present credential was found alive, was replaced, or nobody could tell: to
   * the age of that finding, in ms. Never rejects.
   */
  async ageOf({ credential, ref }: Served): Promise<number> {
    const nowMs = this.#clock.monotonicMs();
    let check = this.#checks.get(ref);
    if (check === undefined || nowMs - check.atMs >= this.#gapMs) {
      check = { atMs: nowMs, done: credential.check().catch(() => undefined) };
      this.#checks.set(ref, check);
    }
    const deadline = { clock: this.#clock, ms: waitMs, onLate: () => undefined };
    await waitFor(check.done, { deadline });
    return Math.max(0, nowMs - check.atMs);
  }
}
