/**
 * Requirement 1 of the incident: environments never affect each other. Two deployments, each with
 * its own configuration, share a real Redis. The platform's log shows what they did.
 */
import { ioredisCache, ioredisLock } from "@lingpai/adapter-ioredis";
import { CredentialConflictError } from "@lingpai/core";
import type { CredentialEvent } from "@lingpai/core";
import { startServer } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import { wechat } from "@lingpai/wechat";
import type { Wechat } from "@lingpai/wechat";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Simulator } from "@lingpai/wechat-simulator";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { appOptions, inStore } from "./app-options.ts";
import { loadConfig } from "./live/open-config.ts";
import { objectSource } from "./sources/object.ts";
import { variableSource } from "./sources/files/variables.ts";
import { appId, sealingKey, secret } from "./world.fixture.ts";

let server: Server;
let simulator: Simulator;
const open: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.stop();
});

beforeEach(async () => {
  await server.command("FLUSHALL");
  simulator = createSimulator({ accounts: [{ appId, secret }], overlapMs: 0 });
});

afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

const plain = { LINGPAI_APPS_MAIN_MODE: "plain", LINGPAI_APPS_MAIN_OVERLAP_MS: "0" };
const stable = { LINGPAI_APPS_MAIN_MODE: "stable" };

interface Deployment {
  readonly client: Wechat;
  readonly events: CredentialEvent[];
}

/**
 * A process of an environment, configured as in production: shared settings from a file, its own
 * from variables.
 */
async function deploy(
  environment: string,
  variables: Readonly<Record<string, string>> = plain,
  store: object = {},
): Promise<Deployment> {
  const file = objectSource({ apps: { main: { appId } }, store });
  const env = { LINGPAI_STORE_URL: server.url, LINGPAI_APPS_MAIN_SECRET: secret, ...variables };
  const config = await loadConfig({ environment, sources: [file, variableSource({ env })] });
  const redis = new Redis(config.store.url?.reveal() ?? "");
  const client = wechat({
    ...appOptions(config, "main"),
    ...inStore(config, { cache: ioredisCache(redis), lock: ioredisLock(redis) }),
    fetch: simulator.fetchAs({ caller: environment }),
  });
  const events: CredentialEvent[] = [];
  client.credential.watch((event) => events.push(event));
  open.push(
    async () => redis.disconnect(),
    () => client.close(),
  );
  return { client, events };
}

async function keys(): Promise<readonly string[]> {
  const found = await server.command("KEYS", "*");
  return Array.isArray(found) ? found.map(String).toSorted() : [];
}

const callers = (): readonly string[] => simulator.log.fetches(appId).map(({ caller }) => caller);

describe("requirement 1: separate environments", () => {
  test("get CredentialConflictError before the second one fetches with the same AppID and Redis", async () => {
    const prod = await deploy("prod");
    const token = await prod.client.token();
    const staging = await deploy("staging");
    await expect(staging.client.token()).rejects.toMatchObject({
      code: "CREDENTIAL_CONFLICT",
      claimedBy: "prod",
    });
    await expect(staging.client.token()).rejects.toThrow(CredentialConflictError);
    expect(callers()).toEqual(["prod"]);
    expect(await prod.client.token()).toBe(token);
    expect(staging.events.find(({ type }) => type === "claim-conflicted")).toMatchObject({
      claimedBy: "prod",
      action: "error",
    });
  });

  test("get that error even if each has its own sealing keys and its own prefix", async () => {
    const sealedAs = (id: string, byte: string): object => ({
      prefix: `team:${id}`,
      sealing: { active: id, keys: { [id]: byte.repeat(32) } },
    });
    const prod = await deploy("prod", plain, sealedAs("p", "a1"));
    await prod.client.token();
    const staging = await deploy("staging", plain, sealedAs("s", "b2"));
    await expect(staging.client.token()).rejects.toMatchObject({
      code: "CREDENTIAL_CONFLICT",
      claimedBy: "prod",
    });
    expect(callers()).toEqual(["prod"]);
  });

  test("share a token if one is a consumer, which never fetches and uses the other's tokens", async () => {
    const prod = await deploy("prod");
    const first = await prod.client.token();
    const staging = await deploy("staging", { ...plain, LINGPAI_APPS_MAIN_ON_CONFLICT: "consume" });
    expect(await staging.client.token()).toBe(first);
    simulator.operator.kill(appId, { caller: "somebody" });
    const before = simulator.log.seq;
    const calls = [staging, prod].map(({ client }) =>
      client.request("/cgi-bin/user/info", { query: { openid: "o" } }),
    );
    await expect(Promise.all(calls)).resolves.toMatchObject([{ openid: "o" }, { openid: "o" }]);
    expect(
      simulator.log.entries({ kind: "issue", afterSeq: before }).map(({ caller }) => caller),
    ).toEqual(["prod"]);
    expect(callers()).not.toContain("staging");
  });

  test("never fetch as consumers, even if there is no token to read", async () => {
    const staging = await deploy("staging", {
      ...plain,
      LINGPAI_APPS_MAIN_ROLE: "consumer",
      LINGPAI_APPS_MAIN_PARAMETERS_WAIT_MS: "200",
    });
    await expect(staging.client.token()).rejects.toMatchObject({ code: "CREDENTIAL_UNAVAILABLE" });
    expect(callers()).toEqual([]);
  });

  test("coexist in stable mode with one token, and no call of either fails", async () => {
    const [prod, staging] = [await deploy("prod", stable), await deploy("staging", stable)];
    const calls = [prod, staging].flatMap(({ client }) =>
      Array.from({ length: 10 }, () =>
        client.request("/cgi-bin/user/info", { query: { openid: "o" } }),
      ),
    );
    await Promise.all(calls);
    expect(await prod.client.token()).toBe(await staging.client.token());
    expect(simulator.log.tally(appId)).toMatchObject({ calls: 20, refused: 0 });
    expect(simulator.log.issues(appId)).toHaveLength(1);
  });

  test("keep their keys under their own prefixes; only claims lie beside them", async () => {
    const other = "wxfedcba9876543210";
    simulator = createSimulator({
      accounts: [appId, other].map((each) => ({ appId: each, secret })),
      overlapMs: 0,
    });
    const prod = await deploy("prod", plain, {
      prefix: "team:lingpai",
      sealing: { active: "k", keys: { k: sealingKey } },
    });
    const staging = await deploy("staging", { ...plain, LINGPAI_APPS_MAIN_APP_ID: other });
    await Promise.all([prod.client.token(), staging.client.token()]);
    const found = (await keys()).map((key) => key.replace(/\{.*/, ""));
    expect([...new Set(found)]).toEqual(["lingpai:claims:", "staging:", "team:lingpai:prod:"]);
    expect(
      [appId, other].map((each) => simulator.log.fetches(each).map(({ caller }) => caller)),
    ).toEqual([["prod"], ["staging"]]);
  });
});
