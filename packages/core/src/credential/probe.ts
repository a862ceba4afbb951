/** Asks the platform whether a credential is alive: before a complaint is believed, and before a call is risked on one that is in doubt. */
import { IssueError } from "../errors.ts";
import type { Secret } from "../secret.ts";
import { bounded } from "./bounded.ts";
import type { Parts } from "./flight.ts";

type Verdict = "alive" | "dead" | "unknown";

/** A caller waits for it, so it is given less time than a fetch. */
const deadlineMaxMs = 3_000;

export class Probe {
  readonly #parts: Parts;
  readonly #closing: AbortSignal;
  /** One question to the platform serves all who report the same credential while it is asked. */
  readonly #asking = new Map<string, Promise<Verdict>>();

  constructor(parts: Parts, closing: AbortSignal) {
    this.#parts = parts;
    this.#closing = closing;
  }

  /** Whether the issuer can ask at all. */
  get canAsk(): boolean {
    return this.#parts.setting.issuer.probe !== undefined;
  }

  /** What the platform says; `unknown` where it does not say, or cannot be asked. `alive` is its word on a question that was put after this call. */
  async verdict(secret: Secret, signal?: AbortSignal): Promise<Verdict> {
    if (!this.canAsk) return "unknown";
    const signals = { signals: [signal, this.#closing] };
    const running = this.#asking.get(secret.fingerprint);
    const found = running && (await bounded(running, signals));
    // It may have died between that question and this complaint.
    if (found === "dead" || found === "unknown") return found;
    return bounded(this.#asking.get(secret.fingerprint) ?? this.#ask(secret), signals);
  }

  #ask(secret: Secret): Promise<Verdict> {
    const { clock, issuer, parameters } = this.#parts.setting;
    const { fingerprint } = secret;
    const abort = new AbortController();
    const ms = Math.min(deadlineMaxMs, parameters.fetchDeadlineMs);
    const late = new IssueError("unknown", `The probe of "${issuer.id}" was not answered within ${ms} ms.`);
    const answer = (async () => (await issuer.probe?.(secret, abort.signal)) ?? "unknown")();
    const asking = bounded(answer, { deadline: { clock, ms, error: () => late }, signals: [this.#closing] })
      .catch((): Verdict => "unknown")
      .finally(() => {
        abort.abort(late);
        this.#asking.delete(fingerprint);
      });
    this.#asking.set(fingerprint, asking);
    return asking;
  }
}
