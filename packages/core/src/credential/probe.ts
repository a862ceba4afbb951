/** A young credential that is refused is looked at before it is replaced: often the fault is the call's, not the token's. */
import { IssueError } from "../errors.ts";
import type { Secret } from "../secret.ts";
import { bounded } from "./bounded.ts";
import type { Parts } from "./flight.ts";
import type { Holding } from "./local.ts";

export class Probe {
  readonly #parts: Parts;
  /** One question to the platform serves all who report the same credential at once. */
  readonly #asking = new Map<string, Promise<boolean>>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Whether this one is young enough to be worth the question, and the issuer can ask it. */
  canAsk({ held }: Holding): boolean {
    const { setting, storeClock } = this.#parts;
    return setting.issuer.probe !== undefined && storeClock.nowMs() - held.issuedAtMs < setting.parameters.youngMs;
  }

  /** Whether the platform says that it is alive; false where it does not say. */
  isAlive({ held, secret }: Holding, signal: AbortSignal | undefined): Promise<boolean> {
    return bounded(this.#asking.get(held.fingerprint) ?? this.#ask(held.fingerprint, secret), { signals: [signal] });
  }

  #ask(fingerprint: string, secret: Secret): Promise<boolean> {
    const { clock, issuer, parameters } = this.#parts.setting;
    const abort = new AbortController();
    const late = new IssueError("unknown", `The probe of "${issuer.id}" was not answered within ${parameters.fetchDeadlineMs} ms.`);
    const answer = (async () => issuer.probe?.(secret, abort.signal))();
    const asking = bounded(answer, { deadline: { clock, ms: parameters.fetchDeadlineMs, error: () => late }, signals: [] })
      .then((verdict) => verdict === "alive")
      .catch(() => false)
      .finally(() => {
        abort.abort(late);
        this.#asking.delete(fingerprint);
      });
    this.#asking.set(fingerprint, asking);
    return asking;
  }
}
