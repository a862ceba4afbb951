/**
 * Two SDKs in one Redis: the other one's real code reads what ours wrote, and ours reads what it
 * wrote. The platform's log is the judge.
 */
import { ioredisCache, ioredisLock } from "@lingpai/adapter-ioredis";
import { credential } from "@lingpai/core";
import type { Credential } from "@lingpai/core";
import { standalone } from "@lingpai/test-servers";
import type { Standalone } from "@lingpai/test-servers";
import { createApi, plainToken } from "@lingpai/wechat";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Simulator } from "@lingpai/wechat-simulator";
import { listen } from "@lingpai/wechat-simulator/server";
import type { SimulatorServer } from "@lingpai/wechat-simulator/server";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { adopt } from "./adopt.ts";
import type { ConventionName } from "./conventions/conventions.ts";
import { mirror } from "./mirror/mirror.ts";
import { ioredisRawStore } from "./store/raw-store.ts";
import { callEasywechat, lingpai, newAccount, sharedEasywechat } from "./clients/sdk.fixture.ts";
import type { Account, Place } from "./clients/sdk.fixture.ts";

let redisServer: Standalone;
let simulator: Simulator;
let http: SimulatorServer;
let account: Account;
let place: Place;
let redis: Redis;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  redisServer = await standalone();
});

afterAll(() => redisServer.stop());

beforeEach(async () => {
  account = newAccount();
  simulator = createSimulator({ accounts: [account] });
  http = await listen(simulator);
  place = { platformUrl: http.url, redisUrl: redisServer.url };
  redis = new Redis(redisServer.url);
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
});

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  redis.disconnect();
  await http.close();
  vi.restoreAllMocks();
});

describe("node-easywechat beside a mirror", () => {
  const startMirror = async (convention: ConventionName): Promise<ReturnType<typeof lingpai>> => {
    const client = lingpai(account, place, redis);
    const to = [{ convention, ...account, acceptSecretInKey: true }];
    const mirrored = mirror(client.credential, {
      store: ioredisRawStore(redis),
      lock: ioredisLock(redis),
      to,
    });
    ends.push(
      () => client.close(),
      () => mirrored.close(),
    );
    expect(await mirrored.start()).toBe(true);
    return client;
  };

  test("uses the mirrored token and fetches none, under its own key", async () => {
    await startMirror("node-easywechat/official-account");
    await callEasywechat(sharedEasywechat(account, place, redis));
    expect(simulator.log.fetches(account.appId)).toHaveLength(1);
    expect(simulator.log.calls({ appId: account.appId }).map(({ code }) => code)).toEqual([0]);
  });

  test("uses the mirrored token under a key without the secret, set with setKey", async () => {
    await startMirror("node-easywechat/official-account/set-key");
    const app = sharedEasywechat(account, place, redis);
    // Its interface does not show the method that its class has.
    const accessToken = app.getAccessToken() as ReturnType<typeof app.getAccessToken> & {
      setKey(key: string): unknown;
    };
    accessToken.setKey(`official_account.access_token.${account.appId}`);
    await callEasywechat(app);
    expect(simulator.log.fetches(account.appId)).toHaveLength(1);
  });

  test("reads the next token as soon as ours is replaced", async () => {
    const client = await startMirror("node-easywechat/official-account");
    const app = sharedEasywechat(account, place, redis);
    await callEasywechat(app);
    await client.credential.refresh();
    const newest = simulator.operator.latest(account.appId)?.id;
    await expect
      .poll(async () => simulator.operator.inspect(await app.getAccessToken().getToken())?.id)
      .toBe(newest);
    expect(simulator.log.fetches(account.appId)).toHaveLength(2);
  });
});

describe("an adopted token", () => {
  const getToken = (app: ReturnType<typeof sharedEasywechat>): Promise<string> =>
    app.getAccessToken().getToken();

  const adopted = (): Credential => {
    const from = {
      convention: "node-easywechat/official-account",
      ...account,
      acceptSecretInKey: true,
    } as const;
    const { probe } = plainToken({ ...account, baseUrl: place.platformUrl });
    const issuer = adopt({ store: ioredisRawStore(redis), from, ...(probe && { probe }) });
    const parameters = { waitMs: 4_000 };
    const opened = credential({
      issuer,
      cache: ioredisCache(redis),
      lock: ioredisLock(redis),
      environment: "adopting",
      parameters,
    });
    ends.push(() => opened.close());
    return opened;
  };

  test("is used in calls, and the platform is never asked for one", async () => {
    const token = await getToken(sharedEasywechat(account, place, redis));
    const ours = adopted();
    expect((await ours.get()).reveal()).toBe(token);
    await createApi(ours, { baseUrl: place.platformUrl }).request("/cgi-bin/user/info", {
      query: { openid: "o1" },
    });
    expect(simulator.log.fetches(account.appId)).toHaveLength(1);
  });

  test("that was refused makes the call wait until the owner has replaced it, and the call succeeds", async () => {
    const app = sharedEasywechat(account, place, redis);
    const first = await getToken(app);
    const ours = adopted();
    const api = createApi(ours, { baseUrl: place.platformUrl });
    await api.request("/cgi-bin/user/info", { query: { openid: "o1" } });
    simulator.operator.kill(account.appId);
    const call = api.request("/cgi-bin/user/info", { query: { openid: "o1" } });
    // Its owner notices the refusal too, in its own way.
    await expect
      .poll(() => simulator.log.calls({ appId: account.appId, code: 40001 }).length)
      .toBeGreaterThan(0);
    await redis.del(`official_account.access_token.${account.appId}.${account.secret}.0`);
    const second = await getToken(app);
    await expect(call).resolves.toMatchObject({ openid: "o1" });
    expect(second).not.toBe(first);
    expect((await ours.get()).reveal()).toBe(second);
    const byFleet = simulator.log
      .fetches(account.appId)
      .filter(({ caller }) => caller !== "foreign");
    expect(byFleet).toHaveLength(2);
  }, 30_000);

  test("that its owner has not stored fails with an error that names the owner, and without a request", async () => {
    const ours = adopted();
    await expect(ours.get()).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      cause: { message: expect.stringContaining("Its owner has to fetch") },
    });
    expect(simulator.log.fetches(account.appId)).toEqual([]);
    const token = await getToken(sharedEasywechat(account, place, redis));
    expect((await ours.get()).reveal()).toBe(token);
  }, 30_000);
});
