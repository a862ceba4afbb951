/**
 * Shares one event stream among all tabs of a browser. The tab that holds a lock keeps the stream,
 * and forwards its events over a channel.
 */
import { after, every } from "./time.ts";

export type StreamState = "open" | "connecting";

export type LiveMessage =
  | { readonly kind: "event"; readonly ref: string; readonly type: string }
  | { readonly kind: "gap" }
  | { readonly kind: "state"; readonly state: StreamState };

const name = "lingpai-live";
const retryMs = 1_500;
/** How often the leading tab repeats its state, for tabs that were just opened. */
const repeatMs = 2_000;

export interface LiveOptions {
  readonly onMessage: (message: LiveMessage) => void;
  /** Called before the stream is opened again, because the session may have ended. */
  readonly onBreak: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** Calls back until the signal aborts. */
export function followLive({ onBreak, onMessage, signal }: LiveOptions): void {
  const channel = new BroadcastChannel(name);
  channel.addEventListener("message", ({ data }: MessageEvent<LiveMessage>) => onMessage(data));
  signal.addEventListener("abort", () => channel.close(), { once: true });
  const tell = (message: LiveMessage): void => {
    if (signal.aborted) return;
    onMessage(message);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has none: it is of one origin
    channel.postMessage(message);
  };
  const lead = (): Promise<void> =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
      stream(tell, onBreak, signal);
    });
  // The lock passes to another tab when this one is closed.
  navigator.locks.request(name, { signal }, lead).catch(() => undefined);
}

function stream(
  tell: (message: LiveMessage) => void,
  onBreak: () => Promise<void>,
  signal: AbortSignal,
): void {
  let last: string | undefined;
  let source: EventSource | undefined;
  let state: StreamState = "connecting";
  const become = (next: StreamState): void => {
    state = next;
    tell({ kind: "state", state });
  };
  const open = (): void => {
    if (signal.aborted) return;
    source = new EventSource(
      `/v1/events${last === undefined ? "" : `?after=${encodeURIComponent(last)}`}`,
    );
    source.addEventListener("open", () => become("open"));
    source.addEventListener("gap", () => tell({ kind: "gap" }));
    for (const type of eventTypes)
      source.addEventListener(type, ({ data, lastEventId }: MessageEvent<string>) => {
        last = lastEventId;
        const { ref } = JSON.parse(data) as { readonly ref: string };
        tell({ kind: "event", ref, type });
      });
    // Reconnects itself, because the browser gives up after a response other than 200.
    source.addEventListener("error", () => {
      source?.close();
      become("connecting");
      after(retryMs, () => void onBreak().then(open));
    });
  };
  open();
  const stopRepeating = every(repeatMs, () => tell({ kind: "state", state }));
  signal.addEventListener(
    "abort",
    () => {
      stopRepeating();
      source?.close();
    },
    { once: true },
  );
}

/** All events that change what the page shows. */
const eventTypes: readonly string[] = [
  "refreshed",
  "age-unknown",
  "adopted",
  "kept-stale",
  "rejected",
  "refresh-failed",
  "refused-fatally",
  "in-doubt",
  "reconciled",
  "lock-lost",
  "commit-superseded",
  "contended",
  "switched",
  "claim-conflicted",
  "reset",
  "store-regressed",
  "repaired",
  "store-unavailable",
  "store-recovered",
  "quota-threshold",
  "unreadable",
  "clock-jumped",
  "poisoned",
  "closed",
];
