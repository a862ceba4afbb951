/**
 * An API that refuses every token for its own reasons, against the simulator. No other call may
 * suffer from it.
 */
import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import type { CredentialEvent } from "@lingpai/core";
import { during as letTimePass, manualClock, seededRandom } from "@lingpai/core/testing";
import type { ManualClock } from "@lingpai/core/testing";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Simulator } from "@lingpai/wechat-simulator";
import { afterEach, describe, expect, test } from "vitest";
import { wechat } from "./wechat.ts";
import type { Wechat, WechatOptions } from "./wechat.ts";

const appId = "wx0123456789abcdef";
const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";
const info = "/cgi-bin/user/info?openid=o";
const bad = "/cgi-bin/message/custom/send";
const minuteMs = 60_000;
const open: Wechat[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

interface World {
  readonly clock: ManualClock;
  readonly simulator: Simulator;
  readonly nodes: readonly Wechat[];
  readonly events: readonly CredentialEvent[];
  /** The number of requests to this endpoint. */
  asked(endpoint: RegExp): number;
  during<T>(work: Promise<T>): Promise<T>;
}

/** Nodes of one fleet, and endpoints that answer every token with this code. */
function world(
  count: number,
  options: Partial<WechatOptions>,
  refusing: Readonly<Record<string, number>>,
): World {
  const clock = manualClock();
  const accounts = [{ appId, secret }];
  const overlapMs = options.overlapMs ?? 0;
  const simulator = createSimulator({
    clock,
    random: seededRandom(7),
    accounts,
    latencyMs: 50,
    overlapMs,
  });
  simulator.faults.always(({ endpoint }) =>
    refusing[endpoint] === undefined ? undefined : { errcode: refusing[endpoint] },
  );
  const store = memoryStore({ clock });
  const events: CredentialEvent[] = [];
  const counts = new Map<string, number>();
  const reach = simulator.fetchAs({ caller: "fleet" });
  const fetch: typeof globalThis.fetch = (input, init) => {
    const { pathname } = new URL(String(input));
    counts.set(pathname, (counts.get(pathname) ?? 0) + 1);
    return reach(input, init);
  };
  const nodes = Array.from({ length: count }, (_, index) => {
    const stores = { cache: memoryCache(store, { clock }), lock: memoryLock(store, { clock }) };
    const name = `node-${index + 1}`;
    const client = wechat({
      appId,
      secret,
      environment: "prod",
      node: name,
      fetch,
      clock,
      random: seededRandom(name),
      ...stores,
      ...options,
    });
    client.credential.watch((event) => events.push(event));
    open.push(client);
    return client;
  });
  return {
    clock,
    simulator,
    nodes,
    events,
    asked: (endpoint) =>
      [...counts].reduce((sum, [path, times]) => sum + (endpoint.test(path) ? times : 0), 0),
    during: (work) => letTimePass(clock, work, 50),
  };
}

const token = /\/cgi-bin\/(stable_)?token$/;

describe.each([
  { mode: "plain", overlapMs: 0 },
  { mode: "plain", overlapMs: 300_000 },
  { mode: "stable", overlapMs: 0 },
] as const)(
  "one API that answers 40001 to every token ($mode, overlap $overlapMs ms)",
  (options) => {
    test("costs no healthy call, no fetch and no false alarm in 24 h, and its callers get the code", async () => {
      const { clock, nodes, events, asked, during } = world(3, options, { [bad]: 40001 });
      const codes: unknown[] = [];
      for (let minute = 0; minute < 24 * 60; minute += 2) {
        const healthy = await during(Promise.allSettled(nodes.map((node) => node.request(info))));
        expect(healthy.map(({ status }) => status)).toEqual([
          "fulfilled",
          "fulfilled",
          "fulfilled",
        ]);
        if (minute % 6 === 0) {
          const failed = nodes[(minute / 6) % 3]!.request(bad, { json: { touser: "o" } });
          codes.push(
            await during(failed).catch(
              (error: unknown) => (error as { errcode?: unknown }).errcode,
            ),
          );
        }
        await clock.advance(2 * minuteMs);
      }
      expect(codes).toEqual(Array.from({ length: 240 }, () => 40001));
      // A plain token is replaced about 15 min before its end, a stable one 5 min.
      expect(asked(token)).toBeLessThanOrEqual(Math.ceil((24 * 60) / (120 - 15)) + 1);
      expect(events.filter(({ type }) => type === "contended")).toEqual([]);
    });

    test("costs the platform one probe a second, however often it is called", async () => {
      const { nodes, asked, during } = world(1, options, { [bad]: 40001 });
      await during(nodes[0]!.request(info));
      for (let call = 0; call < 100; call += 1) {
        await during(nodes[0]!.request(bad, { json: { touser: "o" } })).catch(() => undefined);
        await during(nodes[0]!.request(info));
      }
      // 100 × 2 calls of 50 ms.
      expect(asked(/getcallbackip/)).toBeLessThanOrEqual(11);
      expect(asked(token)).toBe(1);
    });

    test("hides no death of the token: the next healthy call replaces it", async () => {
      const { clock, simulator, nodes, asked, during } = world(2, options, { [bad]: 40001 });
      await during(Promise.all(nodes.map((node) => node.request(info))));
      for (let time = 0; time < 5; time += 1) {
        await during(nodes[0]!.request(bad, { json: { touser: "o" } })).catch(() => undefined);
        simulator.operator.revoke(appId, [options.mode]);
        await during(Promise.all(nodes.map((node) => node.request(info))));
        await clock.advance(minuteMs);
      }
      expect(asked(token)).toBe(6);
    });
  },
);

test("an API that refused a fresh token is not believed again while the platform cannot be asked", async () => {
  const { clock, nodes, events, asked, during } = world(
    1,
    { mode: "plain", overlapMs: 0 },
    { [bad]: 40001, "/cgi-bin/getcallbackip": 45009 },
  );
  await during(nodes[0]!.request(info));
  for (let call = 0; call < 18; call += 1) {
    await expect(during(nodes[0]!.request(bad, { json: { touser: "o" } }))).rejects.toMatchObject({
      errcode: 40001,
    });
    await clock.advance(minuteMs / 2);
    await during(nodes[0]!.request(info));
  }
  expect(asked(token)).toBe(2);
  expect(events.filter(({ type }) => type === "contended")).toEqual([]);
});

describe("a ticket endpoint that answers 40001 for its own reasons", () => {
  test.each(["plain", "stable"] as const)(
    "leaves the %s access token alone, backs off, and counts its requests",
    async (mode) => {
      const { clock, nodes, asked, during } = world(
        2,
        { mode },
        { "/cgi-bin/ticket/getticket": 40001 },
      );
      await during(Promise.all(nodes.map((node) => node.request(info))));
      for (let second = 0; second < 600; second += 5) {
        for (const node of nodes) node.jsSdkConfig("https://example.com/").catch(() => undefined);
        await clock.advance(5_000);
        if (second % 60 === 0) await during(Promise.all(nodes.map((node) => node.request(info))));
      }
      expect(asked(token)).toBe(1);
      // 1, 2, 4 … s, and 60 s from then on.
      expect(asked(/getticket/)).toBeLessThanOrEqual(20);
      expect(nodes[0]!.ticket("jsapi").status().quota.used).toBe(asked(/getticket/));
    },
  );
});
