/** One response of server-sent events. It is bounded, has a heartbeat, and reports gaps. */
import type { Clock } from "@lingpai/core";
import type { GapCause, LogEntry } from "@lingpai/event-log";

export interface EventStream {
  readonly body: ReadableStream<Uint8Array>;
  send(entry: LogEntry): void;
  /** Resolves when half of the buffer is free, or the stream has ended. */
  room(): Promise<void>;
  end(): void;
}

export interface EventStreamOptions {
  readonly clock: Clock;
  /**
   * The number of messages that wait for a slow reader. Further ones are dropped, and the gap is
   * reported.
   */
  readonly bufferMax: number;
  readonly heartbeatMs: number;
  /** Called once, when the reader has disconnected or {@link EventStream.end} was called. */
  readonly onEnd: () => void;
}

export function eventStream(options: EventStreamOptions): EventStream {
  const { bufferMax, clock, heartbeatMs, onEnd } = options;
  const encoder = new TextEncoder();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let cancelBeat: (() => void) | undefined;
  let owedGap: GapCause | undefined;
  const wanting: (() => void)[] = [];

  const hasRoom = (): boolean => (controller?.desiredSize ?? 0) > bufferMax / 2;
  const tellRoom = (): void => {
    for (const go of wanting.splice(0)) go();
  };
  const push = (text: string): void => controller?.enqueue(encoder.encode(text));
  const end = (): void => {
    if (controller === undefined) return;
    controller = undefined;
    cancelBeat?.();
    tellRoom();
    onEnd();
  };
  const beat = (): void => {
    cancelBeat = clock.setTimer(
      heartbeatMs,
      () => {
        if ((controller?.desiredSize ?? 0) > 0) push(": beat\n\n");
        beat();
      },
      { background: true },
    );
  };

  const body = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given;
        // The reader's pause before it reconnects, in ms.
        push("retry: 2000\n\n");
        beat();
      },
      pull() {
        if (!hasRoom()) return;
        tellRoom();
        if (owedGap === undefined) return;
        push(gapText(owedGap));
        owedGap = undefined;
      },
      cancel: end,
    },
    { highWaterMark: bufferMax },
  );

  return {
    body,
    send(entry) {
      if (controller === undefined) return;
      if (owedGap !== undefined || (controller.desiredSize ?? 0) <= 1) {
        owedGap ??= "reader";
        return;
      }
      push(entry.kind === "gap" ? gapText(entry.cause) : eventText(entry));
    },
    room() {
      if (controller === undefined || hasRoom()) return Promise.resolve();
      return new Promise((resolve) => wanting.push(resolve));
    },
    end() {
      const open = controller;
      end();
      open?.close();
    },
  };
}

/** JSON contains no line ends, and an id only letters, digits, `-` and `_`. */
function eventText({ id, atMs, event }: Extract<LogEntry, { kind: "event" }>): string {
  const { type } = event;
  const name = /^[\w-]{1,64}$/.test(type) ? type : "message";
  return `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify({ ...event, loggedAtMs: atMs })}\n\n`;
}

function gapText(cause: GapCause): string {
  return `event: gap\ndata: ${JSON.stringify({ cause })}\n\n`;
}
