/**
 * Watches the fleet's document in the store: which token replaces which, and whether a doubt is
 * missing.
 */
import type { State } from "@lingpai/core/internal/state";
import { hasLaterField } from "../store/later-release.ts";
import type { Primary } from "../store/primary.ts";
import { ResetAudit } from "./reset-audit.ts";
import { OperationAudit } from "./operation-audit.ts";
import type { Executed } from "../store/store-link.ts";
import { isTicket } from "../platform/tickets.ts";
import type { Fetch, Wechat } from "../platform/wechat.ts";

export interface Finding {
  readonly promise: string;
  readonly what: string;
}

export class DocumentAudit {
  readonly #wechat: Wechat;
  /** The order in which the platform issued the tokens. */
  readonly #order = new Map<string, number>();
  readonly #documents = new WeakMap<Primary, State | undefined>();
  /** The requests of this environment. */
  readonly #sent = new WeakSet<Fetch>();
  readonly #operations: OperationAudit = new OperationAudit();
  /** The instant since which the store has kept all its writes. */
  #keptSinceMs = 0;
  readonly #nowMs: () => number;
  readonly resets: ResetAudit;
  readonly #environment: string;

  constructor(wechat: Wechat, nowMs: () => number, environment = "production") {
    this.#environment = environment;
    this.#wechat = wechat;
    this.#nowMs = nowMs;
    this.resets = new ResetAudit(nowMs, () => wechat.kind !== "stable");
  }

  /** Returns the document that the auditor last saw in this primary. */
  document(primary: Primary): State | undefined {
    return this.#documents.get(primary);
  }

  /** Forgets the document that the auditor knew, because the store lost writes. */
  lostWrites(primary: Primary): void {
    this.#keptSinceMs = this.#nowMs();
    this.resets.lostWrites();
    const entry = [...primary.entries].find(([name]) => this.#isJudged(name));
    this.#documents.set(primary, entry === undefined ? undefined : parsed(entry[1].value));
  }

  issued(fetch: Fetch): void {
    if (fetch.token !== undefined && !this.#order.has(fetch.token))
      this.#order.set(fetch.token, this.#order.size + 1);
  }

  /** Returns whether the process of this request wrote an intent for it. */
  hasIntent(fetch: Fetch): boolean {
    this.#sent.add(fetch);
    return this.#operations.sent(fetch);
  }

  /** The instant since which the store has kept all its writes. */
  get keptSinceMs(): number {
    return this.#keptSinceMs;
  }

  executed({ command, name, value, result, primary, process }: Executed): readonly Finding[] {
    if (command !== "set" || value === undefined || !this.#isJudged(name) || !isWritten(result))
      return [];
    const state = parsed(value);
    const before = this.#documents.get(primary);
    this.#documents.set(primary, state);
    const findings: Finding[] = [...this.resets.written(before, state)];
    if (before !== undefined && hasLaterField(JSON.stringify(before)) && !hasLaterField(value))
      findings.push({
        promise: "skew",
        what: `${process.name} dropped a field that a later release had written`,
      });
    const { intent } = state;
    if (intent !== undefined && intent.operationId !== before?.intent?.operationId)
      this.#operations.opened(intent.operationId, process, primary, this.#nowMs());
    else this.#operations.reported(process, this.#nowMs());
    return [...findings, ...this.#judge(before, state, primary)];
  }

  /** Documents of tickets are not audited. `ticket-audit.ts` judges tickets by their calls. */
  #isJudged(name: string): boolean {
    return name.startsWith(this.#environment) && !isTicket(name);
  }

  #judge(before: State | undefined, after: State, primary: Primary): Finding[] {
    const held = after.credential;
    if (
      held === undefined ||
      held.commitId === before?.credential?.commitId ||
      after.doubtSinceMs !== undefined
    )
      return [];
    const findings: Finding[] = [];
    if (
      held.secret === before?.credential?.secret &&
      held.generation !== before.credential.generation
    ) {
      findings.push({
        promise: "I32",
        what: `the same token became generation ${held.generation}`,
      });
    }
    const [older, newer] = [
      this.#order.get(before?.credential?.secret ?? ""),
      this.#order.get(held.secret),
    ];
    if (older !== undefined && newer !== undefined && newer < older) {
      findings.push({
        promise: "2",
        what: `the record of issue ${older} was replaced by issue ${newer}, and the document is not in doubt`,
      });
    }
    // A later request for a stable token returns the same one, so the order does not matter.
    if (this.#wechat.kind === "stable") return findings;
    const overlapping = this.#operations.overlapping(held.commitId, this.#keptSinceMs);
    if (overlapping !== undefined) {
      findings.push({
        promise: "I7",
        what: `request ${overlapping.number} overlapped the committed one, and the document is not in doubt`,
      });
    }
    // An open intent covers every request in flight, also one that a repair wrote back.
    const unannounced =
      after.intent !== undefined
        ? undefined
        : this.#wechat
            .inFlight()
            .find(
              (fetch) =>
                this.#sent.has(fetch) &&
                fetch.token !== held.secret &&
                fetch.sentAtMs > this.#keptSinceMs &&
                !this.#operations.hasIntentElsewhere(primary, fetch),
            );
    if (
      unannounced !== undefined &&
      unannounced.willBeProcessedAtMs - unannounced.sentAtMs < 13_000
    ) {
      findings.push({
        promise: "I7",
        what: `${held.fingerprint.slice(0, 8)} was committed without doubt while request ${unannounced.number} was in flight`,
      });
    }
    return findings;
  }
}

function isWritten(result: unknown): boolean {
  return (
    typeof result === "object" && result !== null && "written" in result && result.written === true
  );
}

function parsed(value: string): State {
  return JSON.parse(value) as State;
}
