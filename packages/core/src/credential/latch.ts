/** Remembers, in this node only, that the platform will go on refusing: other nodes may be configured better. */
import { CredentialUnavailableError, type IssueError } from "../errors.ts";
import type { RefreshReason } from "../issuer.ts";
import type { Gate } from "./flight.ts";
import type { Setting } from "./setting.ts";
import type { StoreClock } from "./store-clock.ts";

const firstBackOffMs = 1_000;
const backOffMaxMs = 60_000;

export class Latch {
  readonly #setting: Setting;
  readonly #clock: StoreClock;
  #fatal:
    | { readonly error: IssueError; readonly revision: string | undefined; readonly untilMs: number; readonly stored: string | undefined }
    | undefined;
  /** Requests in a row that never left this machine: its own network, not the fleet's. */
  #unsent = 0;
  #backOffUntilMs = Number.NEGATIVE_INFINITY;

  readonly #stored: () => string | undefined;

  /** @param stored names what the fleet has stored, as far as this process knows: with another input the platform may no longer refuse. */
  constructor(setting: Setting, clock: StoreClock, stored: () => string | undefined) {
    this.#setting = setting;
    this.#clock = clock;
    this.#stored = stored;
  }

  /** Why this node refreshes nothing, if it does not. */
  get error(): IssueError | undefined {
    const fatal = this.#fatal;
    if (fatal === undefined) return undefined;
    const isOver =
      this.#setting.clock.monotonicMs() >= fatal.untilMs || this.#revision() !== fatal.revision || this.#stored() !== fatal.stored;
    return isOver ? undefined : fatal.error;
  }

  /** An issuer that cannot tell has not changed. */
  #revision(): string | undefined {
    try {
      return this.#setting.issuer.revision?.();
    } catch {
      return this.#fatal?.revision;
    }
  }

  /** @throws {CredentialUnavailableError} a fatal refusal stands, and no operator asks. */
  throwIfClosed(reason: RefreshReason): void {
    const { error } = this;
    if (error === undefined || reason === "manual") return;
    const leftMs = (this.#fatal?.untilMs ?? 0) - this.#setting.clock.monotonicMs();
    throw new CredentialUnavailableError(
      `The platform refuses to issue "${this.#setting.issuer.id}" to this node until a setting changes (code ${error.platformCode ?? error.code}): ${error.message}`,
      {
        cause: error,
        ...(Number.isFinite(leftMs) ? { retryAfterMs: leftMs } : {}),
      },
    );
  }

  /** The pause that this node owes after requests that never left. */
  gate(reason: RefreshReason): Gate | undefined {
    const leftMs = this.#backOffUntilMs - this.#setting.clock.monotonicMs();
    return leftMs > 0 && reason !== "manual" ? { why: "cool", untilMs: this.#clock.nowMs() + leftMs } : undefined;
  }

  close(error: IssueError): void {
    const { clock, random } = this.#setting;
    if (error.outcome === "fatal") {
      const untilMs = clock.monotonicMs() + (error.retryAfterMs ?? Number.POSITIVE_INFINITY);
      this.#fatal = { error, revision: this.#revision(), untilMs, stored: this.#stored() };
    }
    if (error.outcome !== "unsent") return;
    const stepMs = Math.min(backOffMaxMs, firstBackOffMs * 2 ** Math.min(30, this.#unsent));
    this.#unsent += 1;
    this.#backOffUntilMs = clock.monotonicMs() + stepMs * (0.75 + random.next() / 2);
  }

  /** A refresh went well, here or elsewhere. */
  open(): void {
    this.#fatal = undefined;
    this.#unsent = 0;
    this.#backOffUntilMs = Number.NEGATIVE_INFINITY;
  }
}
