/** How long a caller waits for another node's open request, and which reads the wait costs. */
import { describe, expect, it } from "vitest";
import { OpenRequest } from "./open-request.ts";
import type { DocumentSource } from "../fleet/document-source.ts";
import { oneNode } from "../scenarios/node.fixture.ts";
import { emptyState, type State } from "../state/state.ts";
import { Closing } from "../time/closing.ts";

function bench({ overlapMs = 300_000, hasPush = true, isOpen = true } = {}) {
  const one = oneNode({ policy: { kind: "supersede", overlapMs } });
  const { clock, local, storeClock } = one;
  const intent = { epoch: 1, operationId: "1", atMs: storeClock.nowMs() };
  const open: State = { ...emptyState, intent };
  if (isOpen) local.updateState(open);
  const reads = { count: 0, failure: undefined as Error | undefined };
  const waiting: ((isNews: boolean) => void)[] = [];
  const source = {
    hasPush,
    feed: {
      next: (ms: number) =>
        new Promise<boolean>((resolve) => {
          const cancel = clock.setTimer(ms, () => resolve(false));
          waiting.push((isNews) => {
            cancel();
            resolve(isNews);
          });
        }),
    },
    read: async () => {
      reads.count += 1;
      if (reads.failure !== undefined) throw reads.failure;
    },
  };
  const closing = new Closing();
  // The source's other members are not used.
  const request = new OpenRequest(one.node, source as unknown as DocumentSource, closing);
  /** When it ended, in ms from now. Undefined while it has not. */
  const ended = (ms = 60_000, signal?: AbortSignal) => {
    const outcome: { atMs?: number; error?: unknown } = {};
    const startedMs = clock.monotonicMs();
    request.ended(ms, signal).then(
      () => (outcome.atMs = clock.monotonicMs() - startedMs),
      (error: unknown) => (outcome.error = error),
    );
    return outcome;
  };
  const wake = () => waiting.splice(0).forEach((tell) => tell(true));
  return { ...one, closing, ended, open, reads, wake };
}

describe("a caller that waits for an open request", () => {
  it("does not wait if there is none, and reads nothing", async () => {
    const { clock, ended, reads } = bench({ isOpen: false });
    const outcome = ended();
    await clock.settle();
    expect(outcome).toEqual({ atMs: 0 });
    expect(reads.count).toBe(0);
  });

  it.each([
    // The platform has processed it by then, and can be probed.
    { overlapMs: 300_000, hasPush: true, atMs: 8_000, reads: 4 },
    { overlapMs: 300_000, hasPush: false, atMs: 8_000, reads: 16 },
    { overlapMs: 0, hasPush: true, atMs: 15_000, reads: 8 },
  ])(
    "waits until it can no longer matter, and reads meanwhile: overlap $overlapMs, messages $hasPush",
    async ({ atMs, reads: most, ...options }) => {
      const { clock, ended, reads } = bench(options);
      const outcome = ended();
      await clock.advance(atMs - 1);
      expect(outcome).toEqual({});
      await clock.advance(1);
      expect(outcome).toEqual({ atMs });
      expect(reads.count).toBe(most);
    },
  );

  it("ends with the outcome, and does not read again what a message already caused to be read", async () => {
    const { clock, ended, local, open, reads, wake } = bench();
    const outcome = ended();
    await clock.advance(1_000);
    wake();
    await clock.advance(1_500);
    expect(outcome).toEqual({});
    expect(reads.count).toBe(0);
    const { intent: _intent, ...closed } = open;
    local.updateState(closed);
    wake();
    await clock.settle();
    expect(outcome).toEqual({ atMs: 2_500 });
  });

  it("continues if the document cannot be read", async () => {
    const { clock, ended, reads } = bench();
    reads.failure = new Error("gone");
    const outcome = ended();
    await clock.advance(8_000);
    expect(outcome).toEqual({ atMs: 8_000 });
  });

  it("shares one wait with the others, each with its own limit and signal", async () => {
    const { clock, ended, local, open, reads, storeClock } = bench();
    const abort = new AbortController();
    const outcomes = [ended(), ended(3_000), ended(60_000, abort.signal)];
    await clock.advance(1_000);
    abort.abort("enough");
    await clock.advance(7_000);
    expect(outcomes).toEqual([{ atMs: 8_000 }, { atMs: 3_000 }, { error: "enough" }]);
    expect(reads.count).toBe(4);
    // The next one starts another wait.
    const later = ended();
    await clock.settle();
    expect(later).toEqual({ atMs: 0 });
    local.updateState({ ...open, intent: { ...open.intent!, atMs: storeClock.nowMs() } });
    const next = ended();
    await clock.advance(7_999);
    expect(next).toEqual({});
  });

  it("ends when the credential closes", async () => {
    const { clock, closing, ended, reads, wake } = bench();
    const outcome = ended();
    await clock.advance(1_000);
    const closed = new Error("closed");
    closing.close(closed);
    wake();
    await clock.settle();
    expect(outcome).toEqual({ error: closed });
    await clock.advance(10_000);
    expect(reads.count).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });
});
