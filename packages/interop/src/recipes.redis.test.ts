/**
 * The incident, with the real SDKs over real HTTP and a real Redis: alone, and on Lingpai's token.
 * The platform's log is the judge.
 */
import { standalone } from "@lingpai/test-servers";
import type { Standalone } from "@lingpai/test-servers";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Simulator } from "@lingpai/wechat-simulator";
import { listen } from "@lingpai/wechat-simulator/server";
import type { SimulatorServer } from "@lingpai/wechat-simulator/server";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { patchCoWechatApi } from "./clients/co-wechat-api.ts";
import { patchNodeEasywechat } from "./clients/node-easywechat.ts";
import {
  callEasywechat,
  failuresOf,
  lingpai,
  newAccount,
  sharedCoWechat,
  sharedEasywechat,
} from "./clients/sdk.fixture.ts";
import type { Account, Place } from "./clients/sdk.fixture.ts";

const nodes = 4;
const callers = 40;
const calls = nodes * callers;
const getUser = { openid: "o1", lang: "en" };

let redisServer: Standalone;
let simulator: Simulator;
let http: SimulatorServer;
let account: Account;
let place: Place;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  redisServer = await standalone();
});

afterAll(() => redisServer.stop());

beforeEach(async () => {
  account = newAccount();
  simulator = createSimulator({ accounts: [account], latencyMs: [20, 60] });
  http = await listen(simulator);
  place = { platformUrl: http.url, redisUrl: redisServer.url };
});

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await http.close();
});

type Call = () => Promise<unknown>;

async function node(): Promise<Redis> {
  const redis = new Redis(place.redisUrl);
  await redis.ping();
  ends.push(() => redis.disconnect());
  return redis;
}

const sdks: Readonly<Record<string, { alone(): Promise<Call>; patched(): Promise<Call> }>> = {
  "co-wechat-api 3.11.0": {
    async alone() {
      const api = sharedCoWechat(account, place, await node());
      return () => api.getUser(getUser);
    },
    async patched() {
      const redis = await node();
      const client = lingpai(account, place, redis);
      ends.push(() => client.close());
      const api = patchCoWechatApi(
        sharedCoWechat({ ...account, secret: "" }, place, redis),
        client.credential,
      );
      return () => api.getUser(getUser);
    },
  },
  "node-easywechat 3.6.2": {
    async alone() {
      const app = sharedEasywechat(account, place, await node());
      return () => callEasywechat(app);
    },
    async patched() {
      const redis = await node();
      const client = lingpai(account, place, redis);
      ends.push(() => client.close());
      const app = patchNodeEasywechat(sharedEasywechat(account, place, redis), client.credential);
      return () => callEasywechat(app);
    },
  },
};

async function fleetOf(make: () => Promise<Call>): Promise<Call[]> {
  return Promise.all(Array.from({ length: nodes }, make));
}

/**
 * Calls from all callers of all nodes at once. Returns the numbers of failed calls and of fetches.
 */
async function load(fleet: readonly Call[]): Promise<{ failed: number; fetches: number }> {
  const afterSeq = simulator.log.seq;
  const failed = await failuresOf(
    fleet.flatMap((call) => Array.from({ length: callers }, () => call())),
  );
  const fetches = simulator.log
    .entries({ kind: "issue", appId: account.appId, afterSeq })
    .filter(({ caller }) => caller !== "foreign");
  return { failed, fetches: fetches.length };
}

describe.each(Object.keys(sdks))("%s", (name) => {
  const { alone, patched } = sdks[name]!;

  test("alone fails most calls of a cold herd, and fetches as often as there are callers", async () => {
    const { failed, fetches } = await load(await fleetOf(alone));
    expect(failed).toBeGreaterThan(calls * 0.8);
    expect(fetches).toBeGreaterThanOrEqual(calls);
  });

  test("on Lingpai's token serves a cold herd by one fetch, and no call fails", async () => {
    expect(await load(await fleetOf(patched))).toEqual({ failed: 0, fetches: 1 });
  });

  test("alone fails most calls after another environment killed the token", async () => {
    const fleet = await fleetOf(alone);
    await fleet[0]!();
    simulator.operator.kill(account.appId);
    expect((await load(fleet)).failed).toBeGreaterThan(calls * 0.8);
  });

  test("on Lingpai's token replaces a killed one by one fetch, and no call fails", async () => {
    const fleet = await fleetOf(patched);
    await Promise.all(fleet.map((call) => call()));
    simulator.operator.kill(account.appId);
    expect(await load(fleet)).toEqual({ failed: 0, fetches: 1 });
  });
});

describe("a patched SDK", () => {
  test("passes a refusal that has another cause to the caller, and replaces nothing", async () => {
    const call = await sdks["co-wechat-api 3.11.0"]!.patched();
    await call();
    simulator.faults.always(({ endpoint }) =>
      endpoint === "/cgi-bin/user/info" ? { errcode: 48001 } : undefined,
    );
    const before = simulator.log.fetches(account.appId).length;
    await expect(call()).rejects.toMatchObject({ code: 48001 });
    expect(simulator.log.fetches(account.appId)).toHaveLength(before);
  });

  test("gives up after one replay when the platform refuses every token", async () => {
    const call = await sdks["node-easywechat 3.6.2"]!.patched();
    await call();
    simulator.faults.always(({ endpoint }) =>
      endpoint === "/cgi-bin/user/info" ? { errcode: 40001 } : undefined,
    );
    const afterSeq = simulator.log.seq;
    await expect(call()).rejects.toThrow("errcode 40001");
    expect(
      simulator.log.calls({ endpoint: "/cgi-bin/user/info", afterSeq }).length,
    ).toBeLessThanOrEqual(2);
  });
});
