/**
 * Asks the platform about a credential before a call is risked on it: a young one that is refused, because often the fault is the call's; and one
 * that is to take a refused one's place while it is in doubt which of them the platform honours.
 */
import { IssueError } from "../errors.ts";
import type { Secret } from "../secret.ts";
import { bounded } from "./bounded.ts";
import type { Parts } from "./flight.ts";
import type { Holding } from "./local.ts";

type Verdict = "alive" | "dead" | "unknown";

export class Probe {
  readonly #parts: Parts;
  readonly #closing: AbortSignal;
  /** One question to the platform serves all who report the same credential at once. */
  readonly #asking = new Map<string, Promise<Verdict>>();

  constructor(parts: Parts, closing: AbortSignal) {
    this.#parts = parts;
    this.#closing = closing;
  }

  /** Whether this one is young enough to be worth the question, and the issuer can ask it. */
  canAsk({ held }: Holding): boolean {
    const { setting, storeClock } = this.#parts;
    return setting.issuer.probe !== undefined && storeClock.nowMs() - held.issuedAtMs < setting.parameters.youngMs;
  }

  /** What the platform says; `unknown` where it does not say, or cannot be asked. */
  verdict({ held, secret }: Holding, signal: AbortSignal | undefined): Promise<Verdict> {
    return bounded(this.#asking.get(held.fingerprint) ?? this.#ask(held.fingerprint, secret), { signals: [signal, this.#closing] });
  }

  #ask(fingerprint: string, secret: Secret): Promise<Verdict> {
    const { clock, issuer, parameters } = this.#parts.setting;
    const abort = new AbortController();
    const late = new IssueError("unknown", `The probe of "${issuer.id}" was not answered within ${parameters.fetchDeadlineMs} ms.`);
    const answer = (async () => (await issuer.probe?.(secret, abort.signal)) ?? "unknown")();
    const asking = bounded(answer, { deadline: { clock, ms: parameters.fetchDeadlineMs, error: () => late }, signals: [this.#closing] })
      .catch((): Verdict => "unknown")
      .finally(() => {
        abort.abort(late);
        this.#asking.delete(fingerprint);
      });
    this.#asking.set(fingerprint, asking);
    return asking;
  }
}
