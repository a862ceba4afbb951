/**
 * Hands messages to the application, each at least once and one at a time on the whole fleet, and
 * responds to the platform in time. Longer work continues after the response. The store remembers
 * the message meanwhile, and another attempt follows if the work fails or its process dies.
 */
import { waitFor } from "@lingpai/core";
import type { CancelTimer, Clock } from "@lingpai/core";
import { messageName } from "./push-inbox.ts";
import type { PushInbox } from "./push-inbox.ts";

export interface PushWorkOptions<
  Message extends { readonly text: string; readonly receiver: string },
  Result,
> {
  readonly inbox: PushInbox;
  readonly clock: Clock;
  /** How long the platform waits for a response, minus the network's time, in ms. */
  readonly answerMs: number;
  work(message: Message): Promise<Result>;
  /** Reads the message again from its text. */
  reread(text: string, receiver: string): Message | undefined;
  /**
   * Called when work failed after the platform was told that the message is taken. Another attempt
   * follows.
   */
  readonly onFailed?: ((error: unknown, message: Message) => void) | undefined;
}

const againMs = 60_000;

export class PushWork<
  Message extends { readonly text: string; readonly receiver: string },
  Result,
> {
  readonly #options: PushWorkOptions<Message, Result>;
  #cancel: CancelTimer | undefined;
  #hasStarted = false;
  #isClosed = false;

  constructor(options: PushWorkOptions<Message, Result>) {
    this.#options = options;
  }

  /**
   * The result, if this call did the work in time. Undefined: the platform gets `success` for
   * another reason, because the work was done before, is being done, or continues.
   *
   * @throws The errors of the work and of the store. The platform has to send the message again.
   */
  async take(message: Message): Promise<Result | undefined> {
    const { inbox, clock, answerMs } = this.#options;
    if (!this.#hasStarted) this.#sweepIn(againMs / 2);
    this.#hasStarted = true;
    const name = messageName(message.text, message.receiver);
    const working = inbox.once(name, () => this.#options.work(message));
    const onLate = (): "late" => "late";
    const first = await waitFor<Awaited<typeof working> | "late">(working, {
      deadline: { clock, ms: answerMs, onLate, timer: {} },
    });
    if (first !== "late" && first.kind !== "working")
      return first.kind === "finished" ? first.result : undefined;
    // The node that does the work may have died, so a message must be in the store before it is
    // acknowledged.
    if (first === "late") void this.#follow(name, message, working);
    else this.#sweepIn(againMs);
    await inbox.keep(name, JSON.stringify([message.receiver, message.text]));
    return undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
  }

  async #follow(name: string, message: Message, working: Promise<unknown>): Promise<void> {
    try {
      await working;
      await this.#options.inbox.forget(name);
    } catch (error) {
      this.#options.onFailed?.(error, message);
      this.#sweepIn(againMs);
    }
  }

  #sweepIn(ms: number): void {
    this.#cancel?.();
    if (!this.#isClosed)
      this.#cancel = this.#options.clock.setTimer(ms, () => void this.#sweep(), {
        background: true,
      });
  }

  /** Continues work that this process or a dead one left behind. */
  async #sweep(): Promise<void> {
    const { inbox, reread, work, onFailed } = this.#options;
    let isLeft = false;
    try {
      for (const { name, text, isOld } of await inbox.abandoned()) {
        const [receiver, body] = JSON.parse(text) as [string, string];
        const message = reread(body, receiver);
        if (message === undefined || isOld) {
          await inbox.forget(name);
          continue;
        }
        try {
          const { kind } = await inbox.once(name, () => work(message));
          if (kind === "working") isLeft = true;
          else await inbox.forget(name);
        } catch (error) {
          isLeft = true;
          onFailed?.(error, message);
        }
      }
    } catch {
      // The store does not answer.
      isLeft = true;
    }
    if (isLeft) this.#sweepIn(againMs);
  }
}
