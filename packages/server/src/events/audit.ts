/** What was done with which key, for the log: equal hand-outs of a second are one event. */
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
/** The most different facts that are counted together. Beyond it they are written at once. */
const gatheredMax = 1_000;

export class Audit {
  readonly #log: EventLog;
  readonly #clock: Clock;
  readonly #counts = new Map<string, { readonly fact: AuditFact; count: number }>();
  #cancelTimer: CancelTimer | undefined;

  constructor(log: EventLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  note(fact: AuditFact): void {
    const name = [fact.act, fact.key?.id, fact.ref, fact.fingerprint, fact.detail].join("\0");
    const present = this.#counts.get(name);
    if (present !== undefined) present.count += 1;
    else this.#counts.set(name, { fact, count: 1 });
    if (this.#counts.size >= gatheredMax) this.flush();
    else
      this.#cancelTimer ??= this.#clock.setTimer(gatherMs, () => this.flush(), {
        background: true,
      });
  }

  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (const { fact, count } of this.#counts.values()) {
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
    this.#counts.clear();
  }
}

/** A reference may be 1 kB long, and comes from whoever asks: the log has room for its beginning. */
function shortRef(ref: string): string {
  return ref.length <= 200 ? ref : `${ref.slice(0, 180)}…${fingerprint("ref", ref)}`;
}
