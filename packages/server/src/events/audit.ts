/**
 * The audit: which key did what. Equal reads within a second become one event, and continuous ones
 * one event a minute, with a count, so that frequent requests cannot push other events out of the
 * log.
 */
import { fingerprint } from "@lingpai/core";
import type { CancelTimer, Clock } from "@lingpai/core";
import type { EventLog } from "@lingpai/event-log";
import { auditStream } from "./streams.ts";
import type { KeyRecord } from "../keys/key-document.ts";

export type AuditAct =
  | "handed-out"
  | "rejected"
  | "refreshed"
  | "revoked"
  | "seeded"
  | "refused"
  | "signed-in"
  | "signed-out"
  | "key-revoked";

export interface AuditFact {
  readonly act: AuditAct;
  readonly key: KeyRecord | undefined;
  readonly ref: string;
  readonly fingerprint?: string | undefined;
  readonly detail?: string;
}

const gatherMs = 1_000;
/** A fact that was written less than this ago is counted until then. */
const againMs = 60_000;
/**
 * The largest number of different facts that are counted together. Further ones are written at
 * once.
 */
const gatheredMax = 1_000;

interface Counted {
  readonly fact: AuditFact;
  readonly dueAtMs: number;
  count: number;
}

export class Audit {
  readonly #log: EventLog;
  readonly #clock: Clock;
  readonly #counts = new Map<string, Counted>();
  /** When each fact of the last minute was written, on the monotonic clock. */
  readonly #writtenAtMs = new Map<string, number>();
  #cancelTimer: CancelTimer | undefined;

  constructor(log: EventLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  note(fact: AuditFact): void {
    const nowMs = this.#clock.monotonicMs();
    const name = nameOf(fact);
    const present = this.#counts.get(name);
    if (present !== undefined) present.count += 1;
    else {
      const againAtMs = (this.#writtenAtMs.get(name) ?? Number.NEGATIVE_INFINITY) + againMs;
      const dueAtMs = Math.max(nowMs + gatherMs, againAtMs);
      this.#counts.set(name, { fact, count: 1, dueAtMs });
    }
    if (this.#counts.size >= gatheredMax) this.flush();
    else this.#arm();
  }

  /** Writes all that waits. */
  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#write(Number.POSITIVE_INFINITY);
  }

  #arm(): void {
    this.#cancelTimer ??= this.#clock.setTimer(
      gatherMs,
      () => {
        this.#cancelTimer = undefined;
        this.#write(this.#clock.monotonicMs());
        if (this.#counts.size > 0) this.#arm();
      },
      { background: true },
    );
  }

  #write(untilMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [name, atMs] of this.#writtenAtMs)
      if (nowMs - atMs >= againMs) this.#writtenAtMs.delete(name);
    for (const [name, { count, dueAtMs, fact }] of this.#counts) {
      if (dueAtMs > untilMs) continue;
      this.#counts.delete(name);
      this.#writtenAtMs.set(name, nowMs);
      this.#log.append(auditStream, {
        type: fact.act,
        key: fact.key?.id,
        name: fact.key?.name,
        ref: shortRef(fact.ref),
        fingerprint: fact.fingerprint?.slice(0, 8),
        detail: fact.detail,
        count,
      });
    }
  }
}

/** Equal names are one event. The code of a rejection is whatever its caller says. */
function nameOf({ act, detail, fingerprint: of, key, ref }: AuditFact): string {
  return [act, key?.id, ref, of, act === "rejected" ? "" : detail].join("\0");
}

/** A reference may be 1 kB long and comes from the caller. Only its beginning is logged. */
function shortRef(ref: string): string {
  return ref.length <= 200 ? ref : `${ref.slice(0, 180)}…${fingerprint("ref", ref)}`;
}
