/** Waits until another node's open request has ended. */
import { inFlightUntil } from "../state/intent.ts";
import type { Closing } from "../time/closing.ts";
import { waitFor } from "../time/wait.ts";
import type { FleetNode } from "../fleet/node.ts";
import { termsOn } from "../fleet/context.ts";
import type { DocumentSource } from "../fleet/document-source.ts";

/** How often the document is read meanwhile: less often when the store reports changes. */
const pollMs = 500;
const pushPollMs = 2_000;

export class OpenRequest {
  readonly #node: FleetNode;
  readonly #source: DocumentSource;
  readonly #closing: Closing;
  /** One wait serves all callers. */
  #waiting: Promise<void> | undefined;

  constructor(node: FleetNode, source: DocumentSource, closing: Closing) {
    this.#node = node;
    this.#source = source;
    this.#closing = closing;
  }

  /**
   * Resolves when the request's outcome is known here, when it can no longer be processed, or after
   * `ms`. With an overlap the end of the fetch deadline is enough: the platform has processed the
   * request by then, and can be asked about the stored credential.
   */
  async ended(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const { clock } = this.#node.context;
    const waiting = (this.#waiting ??= this.#wait().finally(() => (this.#waiting = undefined)));
    await this.#closing.during((closing) =>
      waitFor(waiting, {
        deadline: { clock, ms, onLate: () => undefined },
        signals: [signal, closing],
      }),
    );
  }

  async #wait(): Promise<void> {
    const { context, storeClock, local } = this.#node;
    for (;;) {
      const { state } = local;
      const { rules } = termsOn(context, state);
      const reportedMs = (state?.intent?.atMs ?? 0) + context.parameters.fetchDeadlineMs;
      const untilMs =
        state?.intent === undefined
          ? 0
          : Math.min(
              inFlightUntil(state, rules),
              rules.overlapMs > 0 ? reportedMs : Number.POSITIVE_INFINITY,
            );
      const leftMs = untilMs - storeClock.nowMs();
      if (leftMs <= 0 || this.#closing.isClosed) return;
      const isNews = await this.#source.feed.next(
        Math.min(leftMs, this.#source.hasPush ? pushPollMs : pollMs),
      );
      // The document reports why, if it cannot be read.
      if (!isNews) await this.#source.read().catch(() => {});
    }
  }
}
