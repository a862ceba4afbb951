/**
 * Hands messages to the application, each at least once and one at a time on the whole fleet, and
 * answers the platform in time: work that takes longer goes on after the answer, is remembered in
 * the store meanwhile, and is taken up again when it failed or its process died.
 */
import { delay } from "@lingpai/core";
import type { CancelTimer, Clock } from "@lingpai/core";
import { messageName } from "./push-inbox.ts";
import type { PushInbox } from "./push-inbox.ts";

export interface PushWorkOptions<
  Message extends { readonly text: string; readonly receiver: string },
  Result,
> {
  readonly inbox: PushInbox;
  readonly clock: Clock;
  /** How long the platform waits for an answer, less what the way takes, in ms. */
  readonly answerMs: number;
  work(message: Message): Promise<Result>;
  /** The message of this text, read again. */
  reread(text: string, receiver: string): Message | undefined;
  /** Work failed of which the platform has been told that it is done. It is tried again. */
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
   * The result, when this call did the work in time; undefined when the platform is to be told
   * `success` for another reason: it was done before, is being done, or goes on.
   *
   * @throws what the work throws, and what the store throws: the platform is to send the message
   *   again.
   */
  async take(message: Message): Promise<Result | undefined> {
    const { inbox, clock, answerMs } = this.#options;
    if (!this.#hasStarted) this.#sweepIn(againMs / 2);
    this.#hasStarted = true;
    const name = messageName(message.text, message.receiver);
    const working = inbox.once(name, () => this.#options.work(message));
    const inTime = new AbortController();
    const late = delay(clock, answerMs, inTime.signal).then(
      () => "late" as const,
      () => "late" as const,
    );
    const first = await Promise.race([working, late]).finally(() => inTime.abort());
    if (first !== "late" && first.kind !== "working")
      return first.kind === "finished" ? first.result : undefined;
    // Whoever is at it may have died: what the platform is told is taken has to be in the store.
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

  /** Takes up what was left behind here or by a process that died. */
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
