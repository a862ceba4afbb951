/**
 * The client end to end: the real credential, the memory store, and the platform's own log, which
 * decides.
 */
import { inspect } from "node:util";
import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import type { MemoryStore } from "@lingpai/adapter-memory";
import { ClosedError } from "@lingpai/core";
import type { Cache, CredentialEvent, Lock } from "@lingpai/core";
import { manualClock, seededRandom } from "@lingpai/core/testing";
import type { ManualClock } from "@lingpai/core/testing";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Fault, Simulator, SimulatorOptions } from "@lingpai/wechat-simulator";
import { afterEach, describe, expect, test, vi } from "vitest";
import { wechat } from "./wechat.ts";
import type { Wechat, WechatOptions } from "./wechat.ts";

const appId = "wx0123456789abcdef";
const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";
const info = "/cgi-bin/user/info?openid=o";
const open: Wechat[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

interface World {
  readonly clock: ManualClock;
  readonly simulator: Simulator;
  readonly store: MemoryStore;
  /** A node. It shares the store with the others unless it is given one. */
  node(name: string, options?: Partial<WechatOptions> & { readonly memory?: MemoryStore }): Wechat;
  /** Returns the work's result, while time passes as fast as it is needed. */
  during<T>(work: Promise<T>, ms?: number): Promise<T>;
}

function world(options: SimulatorOptions = {}): World {
  const clock = manualClock();
  const simulator = createSimulator({
    clock,
    random: seededRandom(7),
    accounts: [{ appId, secret }],
    latencyMs: 50,
    ...options,
  });
  const shared = memoryStore({ clock });
  return {
    clock,
    simulator,
    store: shared,
    node(name, { memory = shared, ...more } = {}) {
      const fetch = simulator.fetchAs({ caller: name });
      const settings = {
        appId,
        secret,
        environment: "prod",
        cache: memoryCache(memory, { clock }),
        lock: memoryLock(memory, { clock }),
      };
      const client = wechat({
        ...settings,
        node: name,
        fetch,
        clock,
        random: seededRandom(name),
        ...more,
      });
      open.push(client);
      return client;
    },
    async during(work, ms = 30_000) {
      work.catch(() => undefined);
      await clock.advance(ms);
      return work;
    },
  };
}

const modes = ["stable", "plain"] as const;

describe.each(modes)("a client in %s mode", (mode) => {
  test.each([0, 300_000])(
    "serves four nodes with 25 callers each by one fetch, with an overlap of %d ms",
    async (overlapMs) => {
      const { simulator, node, during } = world({ overlapMs });
      const nodes = ["a", "b", "c", "d"].map((name) => node(name, { mode, overlapMs }));
      const calls = nodes.flatMap((client) =>
        Array.from({ length: 25 }, () => client.request(info)),
      );
      await during(Promise.all(calls));
      expect(simulator.log.tally(appId)).toEqual({ fetches: 1, issued: 1, calls: 100, refused: 0 });
    },
  );

  test.each([0, 300_000])(
    "replaces a token that was killed from outside by one fetch, and no call fails, with an overlap of %d ms",
    async (overlapMs) => {
      const { clock, simulator, node, during } = world({ overlapMs });
      const nodes = ["a", "b"].map((name) => node(name, { mode, overlapMs }));
      await during(Promise.all(nodes.map((client) => client.request(info))));
      await clock.advance(60_000);
      simulator.operator.kill(appId, { kind: mode });
      const before = simulator.log.seq;
      const answers = await during(
        Promise.all(
          nodes.flatMap((client) =>
            Array.from({ length: 10 }, () => client.request<{ openid: string }>(info)),
          ),
        ),
      );
      expect(answers.map(({ openid }) => openid)).toEqual(Array.from({ length: 20 }, () => "o"));
      const fetches = simulator.log.entries({ kind: "issue", afterSeq: before });
      expect(fetches.map(({ code }) => code)).toEqual([0]);
    },
  );

  test("survives the end of its token's life without a refused call", async () => {
    const { clock, simulator, node, during } = world();
    const client = node("a", { mode });
    for (let minute = 0; minute < 4 * 60; minute += 5) {
      await during(client.request(info), 10_000);
      await clock.advance(290_000);
    }
    expect(simulator.log.tally(appId)).toMatchObject({ calls: 48, refused: 0 });
    expect(simulator.log.issues(appId).length).toBeLessThanOrEqual(4);
  });

  test("never shows a caller the code of a token that expired early", async () => {
    const { clock, simulator, node, during } = world();
    const client = node("a", { mode });
    await during(client.request(info));
    await clock.advance(60_000);
    simulator.operator.expireNow(appId);
    await expect(
      during(client.fetch(`https://api.weixin.qq.com${info}`).then((response) => response.json())),
    ).resolves.toMatchObject({
      openid: "o",
    });
  });

  test("sends a wrong secret once, reports the reason to every caller, and continues when the secret is right", async () => {
    const { clock, simulator, node, during } = world();
    let present = "0".repeat(32);
    const client = node("a", { mode, secret: () => present });
    const failed = await during(
      Promise.allSettled(Array.from({ length: 5 }, () => client.token())),
      60_000,
    );
    expect(failed.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => "rejected"));
    const [first] = failed;
    expect(first?.status === "rejected" && inspect(first.reason)).toMatch(/40125.*wrong secret/s);
    expect(simulator.log.fetches(appId)).toHaveLength(1);
    present = secret;
    await clock.advance(60_000);
    await expect(during(client.request(info))).resolves.toMatchObject({ openid: "o" });
  });

  test("shows neither secret nor token in its objects, events and state", async () => {
    const { node, during, simulator } = world();
    const client = node("a", { mode });
    const events: CredentialEvent[] = [];
    client.credential.watch((event) => void events.push(event));
    const token = await during(client.token());
    simulator.operator.kill(appId, { kind: mode });
    await during(client.request(info));
    const shown =
      inspect([client, client.credential, client.status(), events], {
        depth: 12,
        showHidden: true,
      }) + JSON.stringify([client, client.status(), events]);
    expect(events.length).toBeGreaterThan(0);
    expect(shown).not.toContain(secret);
    expect(shown).not.toContain(token);
  });
});

/** The fault that a token request meets, and whether the platform issued a token. */
const misfortunes: [string, Fault][] = [
  ["a page instead of an answer", { body: "html" }],
  ["half an answer", { body: "truncated" }],
  ["an empty answer", { body: "empty" }],
  ["an empty object", { body: "object" }],
  ["100 MB", { body: "huge" }],
  ["one byte per second", { body: "drip" }],
  ["HTTP 500", { status: 500 }],
  ["a redirect", { status: 302, headers: { location: "https://evil.example/" } }],
  ["a reset after the issue", { loseReply: "reset" }],
  ["silence after the issue", { loseReply: "silence" }],
  ["a reset before the platform saw it", { loseRequest: true }],
  ["a proxy that refuses the tunnel", { refuseConnect: 407 }],
  ["an answer after the deadline", { delayAfterMs: 9_000 }],
  ["processing after the deadline", { delayBeforeMs: 9_000 }],
  ["system busy", { errcode: -1 }],
  ["the minute's quota", { errcode: 45011 }],
];

describe.each(modes)("a request for a %s token that meets", (mode) => {
  test.each(misfortunes)(
    "%s is delayed, but no call is refused and no token is lost",
    async (_title, fault) => {
      const { clock, simulator, node, during } = world({ overlapMs: 0 });
      const client = node("a", { mode, overlapMs: 0 });
      simulator.faults.next(fault, { when: ({ endpoint }) => endpoint.endsWith("token") });
      await during(
        client.request(info).catch(() => undefined),
        60_000,
      );
      await clock.advance(120_000);
      await expect(during(client.request(info), 60_000)).resolves.toMatchObject({ openid: "o" });
      expect(simulator.log.tally(appId).refused).toBe(0);
      expect(simulator.log.tally(appId).fetches).toBeLessThanOrEqual(4);
      expect(simulator.operator.inspect(await client.token())).toEqual(
        simulator.operator.latest(appId, mode),
      );
    },
  );
});

test.each([407, 502] as const)(
  "a proxy that refuses the tunnel with %d leaves no doubt, and costs nothing of the day's quota",
  async (status) => {
    const { simulator, node, during } = world();
    const client = node("a", { mode: "plain" });
    simulator.faults.next({ refuseConnect: status }, { times: 3 });
    await expect(during(client.token())).resolves.toBeDefined();
    expect(client.status()).toMatchObject({ inDoubt: false, quota: { used: 1 } });
  },
);

describe("constructing a client", () => {
  test("does no I/O and asks for no secret, in any mode, role and environment, and neither does closing it", async () => {
    const touch = vi.fn<(what: string) => never>((what) => {
      throw new Error(`touched ${what}`);
    });
    // Construction may derive views under a prefix. It may use nothing else of a store.
    const untouchable = <T extends Cache | Lock>(real: T): T =>
      new Proxy(real, {
        get: (target, name, receiver) => {
          const value: unknown = Reflect.get(target, name, receiver);
          if (name === "withPrefix" || name === "at")
            return (...path: [never]) => untouchable<Cache | Lock>(target[name](...path));
          return typeof value === "function" ? () => touch(String(name)) : value;
        },
      });
    const store = memoryStore();
    for (const mode of modes) {
      for (const role of ["owner", "consumer"] as const) {
        for (const environment of ["prod", "dev", "test"]) {
          const cache = untouchable(memoryCache(store));
          const lock = untouchable(memoryLock(store));
          const client = wechat({
            appId,
            secret: () => touch("secret"),
            mode,
            role,
            environment,
            cache,
            lock,
            fetch: () => touch("fetch"),
          });
          expect(client.ticket("jsapi")).toBe(client.ticket("jsapi"));
          expect(client.status().state).toBe("none");
          expect(client.credential.peek()).toBeUndefined();
          await client.close();
        }
      }
    }
    expect(touch.mock.calls).toEqual([]);
  });

  test.each<[string, Partial<WechatOptions>]>([
    ["an AppID of another shape", { appId: "gh_0123456789ab" }],
    ["a placeholder", { secret: "<secret>" }],
    ["a secret with a newline", { secret: `${secret}\n` }],
    ["another mode", { mode: "Plain" as "plain" }],
    ["an insecure base URL", { baseUrl: "http://api.weixin.qq.com" }],
    ["an environment that is no label", { environment: "prod env" }],
  ])("with %s is refused", (_title, wrong) => {
    expect(() => world().node("a", wrong)).toThrow(
      expect.objectContaining({ code: "CONFIGURATION" }),
    );
  });

  test("without a secret is refused for an owner and accepted for a consumer", async () => {
    const { node, during, clock, simulator, store } = world();
    const cache = memoryCache(store, { clock });
    const lock = memoryLock(store, { clock });
    expect(() => wechat({ appId, environment: "prod", cache, lock })).toThrow(
      expect.objectContaining({ rule: "secret-shape" }),
    );
    const consumer = wechat({
      appId,
      environment: "prod",
      cache,
      lock,
      clock,
      role: "consumer",
      fetch: simulator.fetch,
    });
    open.push(consumer);
    const token = await during(node("owner").token());
    await expect(during(consumer.token())).resolves.toBe(token);
    expect(simulator.log.fetches(appId)).toHaveLength(1);
  });
});

describe("two environments", () => {
  test("that share an AppID in stable mode do not harm each other", async () => {
    const { simulator, node, during } = world();
    const production = node("prod-1");
    const development = node("dev-1", { environment: "dev" });
    await during(Promise.all([production.request(info), development.request(info)]));
    expect(simulator.log.tally(appId)).toMatchObject({ issued: 1, calls: 2, refused: 0 });
  });

  test("with one store and the plain token: the second one fails before it fetches", async () => {
    const { simulator, node, during } = world();
    await during(node("prod-1", { mode: "plain" }).request(info));
    await expect(
      during(node("dev-1", { mode: "plain", environment: "dev" }).token()),
    ).rejects.toMatchObject({
      code: "CREDENTIAL_CONFLICT",
      claimedBy: "prod",
    });
    expect(simulator.log.fetches(appId)).toHaveLength(1);
  });
});

describe("a ticket", () => {
  test("waits as long as the client's parameters say, and has refresh windows of its own", async () => {
    const { clock, node, simulator } = world();
    const client = node("a", {
      parameters: { waitMs: 1_000, advisoryMs: 200_000, mandatoryMs: 100_000 },
    });
    const token = client.credential.get();
    await clock.advance(1_000);
    await token;
    simulator.faults.next({ loseReply: "silence" }, { endpoint: "/cgi-bin/ticket/getticket" });
    const told = expect(client.ticket("jsapi").get()).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
    });
    await clock.advance(1_100);
    await told;
    // Its request ends at its own deadline.
    await clock.advance(20_000);
  });

  test("uses the parameters of a client whose requests are slow, or whose clocks differ", async () => {
    const { node, during } = world();
    const slow = {
      attemptsMax: 8,
      fetchDeadlineMs: 20_000,
      leaseMs: 30_000,
      drainMs: 30_000,
      mandatoryMs: 300_000,
    };
    for (const parameters of [slow, { mandatoryMs: 200_000, skewMarginMs: 150_000 }]) {
      const client = node("a", { mode: "plain", parameters });
      expect((await during(client.ticket("jsapi").get())).reveal()).not.toBe("");
      await client.close();
    }
  });

  test("is obtained with the client's token, and survives that token's death", async () => {
    const { clock, simulator, node, during } = world();
    const client = node("a");
    const first = (await during(client.ticket("jsapi").get())).reveal();
    await clock.advance(60_000);
    simulator.operator.revoke(appId, ["stable"]);
    simulator.operator.expireTickets(appId);
    await expect(
      during(
        client
          .ticket("jsapi")
          .refresh()
          .then((secretOf) => secretOf.reveal()),
      ),
    ).resolves.not.toBe(first);
    expect(
      simulator.log.entries({ endpoint: "/cgi-bin/stable_token" }).filter(({ code }) => code === 0),
    ).toHaveLength(2);
  });

  test("signs a page", async () => {
    const { clock, node, during } = world();
    const config = await during(node("a").jsSdkConfig("https://example.com/page?a=1#top"), 20_000);
    expect(config).toMatchObject({
      appId,
      signature: expect.stringMatching(/^[0-9a-f]{40}$/),
      nonceStr: expect.stringMatching(/^[\w-]{22}$/),
    });
    expect(config.timestamp * 1000).toBeGreaterThan(clock.wallMs() - 21_000);
  });
});

describe("closing a client", () => {
  test("settles waiting callers, refuses later ones and leaves no timer", async () => {
    const { clock, simulator, node } = world();
    simulator.faults.next({ delayAfterMs: 5000 });
    const client = node("a");
    const waiting = client.token().catch((error: unknown) => error);
    const ticket = client
      .ticket("jsapi")
      .get()
      .catch((error: unknown) => error);
    await clock.settle();
    const closed = client.close();
    await clock.advance(30_000);
    await closed;
    expect(await Promise.all([waiting, ticket])).toEqual([
      expect.any(ClosedError),
      expect.any(ClosedError),
    ]);
    await expect(client.request(info)).rejects.toMatchObject({ code: "CLOSED" });
    expect(() => client.ticket("wx_card")).toThrow(ClosedError);
    expect(clock.pendingTimers).toBe(0);
  });

  test("ends the wait of a call that the platform was too busy for", async () => {
    const { clock, simulator, node, during } = world();
    const client = node("a");
    await during(client.token());
    simulator.faults.always(() => ({ errcode: -1 }));
    const call = client.request(info).catch((error: unknown) => error);
    await clock.advance(100);
    await client.close();
    await expect(call).resolves.toBeInstanceOf(ClosedError);
    expect(clock.pendingTimers).toBe(0);
  });
});
