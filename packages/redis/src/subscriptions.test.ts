import { CacheUnavailableError } from "@lingpai/core";
import { manualClock, seededRandom } from "@lingpai/core/testing";
import { describe, expect, test } from "vitest";
import { createSubscriptions } from "./subscriptions.ts";
import type { OpenSubscriber, SubscriberEvents, Subscriptions } from "./subscriptions.ts";

interface Opened {
  readonly events: SubscriberEvents;
  readonly signal: AbortSignal;
  readonly channels: Set<string>;
  closed: number;
}

/** A server whose connections the test opens, refuses and breaks. */
function world(): {
  opened: Opened[];
  subscriptions: Subscriptions;
  clock: ReturnType<typeof manualClock>;
  server: { down: boolean; hangs: boolean; silent: boolean };
} {
  const opened: Opened[] = [];
  const server = { down: false, hangs: false, silent: false };
  const open: OpenSubscriber = async (events, signal) => {
    const connection: Opened = { events, signal, channels: new Set(), closed: 0 };
    opened.push(connection);
    if (server.hangs) await new Promise(() => {});
    if (server.down) throw new Error("connect ECONNREFUSED");
    return {
      subscribe: async (channel) => {
        if (channel === "forbidden") throw new Error("NOPERM");
        if (server.silent) await new Promise(() => {});
        connection.channels.add(channel);
      },
      unsubscribe: async (channel) => connection.channels.delete(channel),
      close: () => void connection.closed++,
    };
  };
  const clock = manualClock();
  return {
    opened,
    server,
    clock,
    subscriptions: createSubscriptions(open, { clock, random: seededRandom(1) }),
  };
}

describe("one connection", () => {
  test("is opened for the first listener, shared by all, and closed after the last", async () => {
    const { opened, subscriptions, clock } = world();
    expect(opened).toHaveLength(0);
    const leave = await Promise.all([
      subscriptions.subscribe("a", () => {}),
      subscriptions.subscribe("a", () => {}),
      subscriptions.subscribe("b", () => {}),
    ]);
    expect(opened).toHaveLength(1);
    expect([...opened[0]!.channels]).toEqual(["a", "b"]);
    await leave[0]();
    await leave[0]();
    expect([...opened[0]!.channels]).toEqual(["a", "b"]);
    await leave[1]();
    await clock.settle();
    expect([...opened[0]!.channels]).toEqual(["b"]);
    await leave[2]();
    await clock.settle();
    expect(opened[0]!.closed).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  test("is opened again for the next first listener", async () => {
    const { opened, subscriptions } = world();
    await (
      await subscriptions.subscribe("a", () => {})
    )();
    await subscriptions.subscribe("a", () => {});
    expect(opened).toHaveLength(2);
  });
});

describe("messages", () => {
  test("reach the listeners of their channel, even if one of them throws", async () => {
    const { opened, subscriptions } = world();
    const heard: unknown[] = [];
    await subscriptions.subscribe("a", () => {
      throw new Error("a listener's own");
    });
    await subscriptions.subscribe("a", (payload) => heard.push(payload));
    opened[0]!.events.message("a", "one");
    opened[0]!.events.message("b", "not ours");
    expect(heard).toEqual(["one"]);
  });

  test("of an abandoned connection are ignored", async () => {
    const { opened, subscriptions, clock } = world();
    const heard: unknown[] = [];
    await subscriptions.subscribe("a", (payload) => heard.push(payload));
    opened[0]!.events.lost();
    await clock.advance(100);
    opened[0]!.events.message("a", "late");
    expect(heard).toEqual([undefined]);
  });
});

describe("a lost connection", () => {
  test("is replaced, every channel is subscribed again, and each listener is then told to read everything again", async () => {
    const { opened, subscriptions, clock } = world();
    const heard: string[] = [];
    await subscriptions.subscribe("a", () =>
      heard.push(`a, subscribed to ${[...(opened.at(-1)?.channels ?? [])].join()}`),
    );
    await subscriptions.subscribe("b", () => heard.push("b"));
    opened[0]!.events.lost();
    opened[0]!.events.lost();
    expect(opened[0]!.closed + Number(opened[0]!.signal.aborted)).toBeGreaterThan(0);
    await clock.advance(100);
    await clock.settle();
    expect(opened).toHaveLength(2);
    expect(heard).toEqual(["a, subscribed to a,b", "b"]);
  });

  test("is replaced after growing pauses, up to two seconds, while the server is down", async () => {
    const { opened, subscriptions, clock, server } = world();
    await subscriptions.subscribe("a", () => {});
    server.down = true;
    opened[0]!.events.lost();
    await clock.advance(1_000);
    expect(opened.length).toBeGreaterThan(4);
    const early = opened.length;
    await clock.advance(20_000);
    expect(opened.length - early).toBeGreaterThan(9);
    expect(opened.length - early).toBeLessThan(24);
  });

  test("is not replaced after the last listener has gone, and leaves no timer", async () => {
    const { opened, subscriptions, clock, server } = world();
    const leave = await subscriptions.subscribe("a", () => {});
    server.down = true;
    opened[0]!.events.lost();
    await leave();
    await clock.advance(10_000);
    expect(opened).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("a connection that died without a FIN", () => {
  const timedOut = { code: "CACHE_UNAVAILABLE", reason: "timeout" };

  test.each(["b", "a"])(
    "is replaced if it does not confirm another subscription, of %s, within five seconds",
    async (channel) => {
      const { opened, subscriptions, clock, server } = world();
      const heard: unknown[] = [];
      await subscriptions.subscribe("a", (payload) => heard.push(payload));
      server.silent = true;
      const subscribing = expect(subscriptions.subscribe(channel, () => {})).rejects.toMatchObject(
        timedOut,
      );
      await clock.advance(4_999);
      expect(opened).toHaveLength(1);
      server.silent = false;
      await clock.advance(1);
      await subscribing;
      expect(opened[0]!.closed).toBe(1);
      await clock.advance(100);
      expect([...opened[1]!.channels]).toEqual(["a"]);
      expect(heard).toEqual([undefined]);
      expect(clock.pendingTimers).toBe(0);
    },
  );

  test("is replaced again if it dies while the channels are being subscribed again", async () => {
    const { opened, subscriptions, clock, server } = world();
    const heard: unknown[] = [];
    await subscriptions.subscribe("a", (payload) => heard.push(payload));
    server.silent = true;
    opened[0]!.events.lost();
    await clock.advance(4_000);
    expect(opened).toHaveLength(2);
    server.silent = false;
    await clock.advance(1_200);
    expect(opened).toHaveLength(3);
    expect(opened[1]!.closed).toBe(1);
    expect(heard).toEqual([undefined]);
  });

  test("fails a first subscription and leaves no resources behind", async () => {
    const { opened, subscriptions, clock, server } = world();
    server.silent = true;
    const subscribing = expect(subscriptions.subscribe("a", () => {})).rejects.toMatchObject(
      timedOut,
    );
    await clock.advance(5_000);
    await subscribing;
    await clock.advance(10_000);
    expect(opened.map(({ closed }) => closed)).toEqual([1]);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("a connection that cannot be opened", () => {
  test("fails the subscription and leaves no resources behind", async () => {
    const { opened, subscriptions, clock, server } = world();
    server.down = true;
    await expect(subscriptions.subscribe("a", () => {})).rejects.toThrow("ECONNREFUSED");
    await clock.advance(10_000);
    expect(opened).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  test("is given up after five seconds, and closed if it opens later", async () => {
    const { opened, subscriptions, clock, server } = world();
    server.hangs = true;
    const subscribing = subscriptions.subscribe("a", () => {});
    subscribing.catch(() => {});
    await clock.advance(5_000);
    await expect(subscribing).rejects.toBeInstanceOf(CacheUnavailableError);
    expect(opened[0]!.signal.aborted).toBe(true);
  });

  test("a refused channel fails its own subscription only", async () => {
    const { opened, subscriptions } = world();
    const heard: unknown[] = [];
    await subscriptions.subscribe("a", (payload) => heard.push(payload));
    await expect(subscriptions.subscribe("forbidden", () => {})).rejects.toThrow("NOPERM");
    opened[0]!.events.message("a", "still here");
    expect(heard).toEqual(["still here"]);
  });
});

test("a client that throws when a connection is requested fails only that subscription", async () => {
  const clock = manualClock();
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  const subscriptions = createSubscriptions(
    () => {
      throw new TypeError("client.duplicate is not a function");
    },
    { clock },
  );
  await expect(subscriptions.subscribe("channel", () => {})).rejects.toThrow(
    "client.duplicate is not a function",
  );
  await clock.advance(60_000);
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", note);
  expect([unhandled, clock.pendingTimers]).toEqual([[], 0]);
});
