import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, it, vi } from "vitest";
import { createEventBus, eventChannelName, type EventBus } from "./event-bus.ts";
import { eventSeverity, type CredentialEvent } from "./events.ts";
import { manualClock } from "../testing/index.ts";

function bus(): EventBus {
  return createEventBus({
    id: "test:plain:wx1",
    environment: "prod",
    node: "node-1",
    clock: manualClock({ wallMs: 1234 }),
  });
}

function heard(events: EventBus): CredentialEvent[] {
  const all: CredentialEvent[] = [];
  events.subscribe((event) => all.push(event));
  return all;
}

describe("the event bus", () => {
  it("adds the context to each event and freezes it", () => {
    const events = bus();
    const all = heard(events);
    events.emit("store-recovered", { downMs: 5 });
    expect(all).toEqual([
      {
        type: "store-recovered",
        credential: "test:plain:wx1",
        environment: "prod",
        node: "node-1",
        atMs: 1234,
        downMs: 5,
      },
    ]);
    expect(Object.isFrozen(all[0])).toBe(true);
  });

  it("calls every listener in the order of subscription, until it unsubscribes", () => {
    const events = bus();
    const calls: string[] = [];
    const listener = (): void => void calls.push("twice");
    const leave = events.subscribe(listener);
    events.subscribe(() => calls.push("last"));
    events.subscribe(listener);
    events.emit("closed", { uses: 0 });
    expect(calls).toEqual(["twice", "last", "twice"]);
    leave();
    leave();
    events.emit("closed", { uses: 0 });
    expect(calls.slice(3)).toEqual(["last", "twice"]);
  });

  it("lets listeners subscribe and unsubscribe during an event", () => {
    const events = bus();
    const calls: string[] = [];
    events.subscribe(() => {
      calls.push("first");
      leaveSecond();
      events.subscribe(() => calls.push("new"));
    });
    const leaveSecond = events.subscribe(() => calls.push("second"));
    events.subscribe(() => calls.push("third"));
    events.emit("closed", { uses: 0 });
    expect(calls).toEqual(["first", "third"]);
    events.emit("closed", { uses: 0 });
    expect(calls.slice(2)).toEqual(["first", "third", "new"]);
  });

  it("continues after a listener throws or rejects, and warns once", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    try {
      const events = bus();
      events.subscribe(() => {
        throw new Error("bad\u001b[31m listener");
      });
      events.subscribe(async () => {
        throw new Error("bad promise");
      });
      const all = heard(events);
      events.emit("closed", { uses: 1 });
      events.emit("closed", { uses: 2 });
      await manualClock().settle();
      expect(all).toHaveLength(2);
      expect(warn.mock.calls.map(([text, options]) => [text, options])).toEqual([
        [expect.stringContaining("(Error: bad listener)"), { code: "LINGPAI_LISTENER" }],
        [expect.stringContaining("(Error: bad promise)"), { code: "LINGPAI_LISTENER" }],
      ]);
    } finally {
      warn.mockRestore();
    }
  });

  it("publishes on the diagnostics channel", () => {
    const events = bus();
    const messages: unknown[] = [];
    const onMessage = (message: unknown): void => void messages.push(message);
    events.emit("closed", { uses: 1 });
    subscribe(eventChannelName, onMessage);
    try {
      events.emit("closed", { uses: 2 });
    } finally {
      unsubscribe(eventChannelName, onMessage);
    }
    events.emit("closed", { uses: 3 });
    expect(messages).toMatchObject([{ type: "closed", uses: 2 }]);
  });

  it("does not read the clock if there is no listener", () => {
    const wallMs = vi.fn<() => number>(() => 0);
    const events = createEventBus({
      id: "c",
      environment: "e",
      node: "n",
      clock: { ...manualClock(), wallMs },
    });
    events.emit("closed", { uses: 1 });
    expect(wallMs).not.toHaveBeenCalled();
  });

  it("carries only values that are safe to log, and that JSON preserves", () => {
    const events = bus();
    const all = heard(events);
    events.emit("refresh-failed", {
      reason: "cold",
      outcome: "unknown",
      errorCode: "ISSUE_FAILED",
      platformCode: undefined,
      message: `invalid\r\ncredential \u001b[2J\u202Eevil\u0000 ${"x".repeat(500)}`,
      durationMs: 3,
      failures: 1,
      retryAfterMs: Number.POSITIVE_INFINITY,
    });
    events.emit("commit-superseded", { epoch: 1, fingerprint: "0123456789abcdef", durationMs: 3 });
    expect(all[0]).not.toHaveProperty("platformCode");
    expect(all[0]).not.toHaveProperty("retryAfterMs");
    expect(all[0]).toMatchObject({
      message: expect.stringMatching(/^invalid credential evil x+…$/),
    });
    expect(all[0]).toMatchObject({ message: expect.stringMatching(/^.{200}$/) });
    expect(all[1]).toMatchObject({ fingerprint: "01234567" });
    expect(JSON.parse(JSON.stringify(all))).toEqual(all);
  });
});

describe("eventSeverity", () => {
  it("is error for events that need a person", () => {
    const loud = Object.entries(eventSeverity).flatMap(([type, severity]) =>
      severity === "error" ? [type] : [],
    );
    expect(loud).toEqual([
      "refused-fatally",
      "contended",
      "claim-conflicted",
      "unsealed-and-traced",
      "unreadable",
      "poisoned",
    ]);
  });
});
