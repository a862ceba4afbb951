import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import { manualClock, seededRandom } from "@lingpai/core/testing";
import type { ManualClock } from "@lingpai/core/testing";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Simulator, SimulatorOptions } from "@lingpai/wechat-simulator";
import { describe, expect, test } from "vitest";
import { jsSdkSignature } from "../tickets/js-sdk.ts";
import { wecom } from "./wecom.ts";
import type { Wecom, WecomOptions } from "./wecom.ts";

const corpId = "ww0123456789abcdef";
const app = { agentId: "1000002", secret: "kP3-app_secret_of_a_corp_that_is_43_chars_x" };

function world(options: SimulatorOptions = {}): {
  clock: ManualClock;
  simulator: Simulator;
  node: (more?: Partial<WecomOptions>) => Wecom;
} {
  const clock = manualClock();
  const random = seededRandom(1);
  const simulator = createSimulator({
    clock,
    random,
    corps: [{ corpId, apps: [app] }],
    ...options,
  });
  const store = memoryStore({ clock });
  const shared = {
    environment: "prod",
    clock,
    random,
    cache: memoryCache(store, { clock }),
    lock: memoryLock(store, { clock }),
  };
  return {
    clock,
    simulator,
    node: (more = {}) =>
      wecom({
        corpId,
        app: app.agentId,
        secret: app.secret,
        fetch: simulator.fetch,
        ...shared,
        ...more,
      }),
  };
}

describe("a client for an app at WeCom", () => {
  test("makes calls at WeCom with one token, and survives its death", async () => {
    const { clock, simulator, node } = world();
    const client = node();
    const send = (): Promise<unknown> =>
      client.request("/cgi-bin/message/send", { json: { agentid: 1000002, touser: "@all" } });
    const first = send();
    await clock.advance(1000);
    await expect(first).resolves.toMatchObject({ errcode: 0 });
    simulator.operator.revoke(`${corpId}/${app.agentId}`);
    const second = send();
    await clock.advance(60_000);
    await expect(second).resolves.toMatchObject({ errcode: 0 });
    expect(
      simulator.log.entries({ appId: `${corpId}/${app.agentId}`, kind: "issue" }),
    ).toHaveLength(2);
    await client.close();
  });

  test("signs a page for the corp and for the app, each with its own ticket", async () => {
    const { clock, simulator, node } = world();
    const client = node();
    const url = "https://app.example/page?a=1#top";
    const configs = Promise.all([client.jsSdkConfig(url), client.agentConfig(url)]);
    await clock.advance(1000);
    const [corp, agent] = await configs;
    expect(corp.appId).toBe(corpId);
    expect(agent).toMatchObject({ corpid: corpId, agentid: app.agentId });
    for (const [config, type] of [
      [corp, "jsapi"],
      [agent, "agent_config"],
    ] as const) {
      const ticket = (await client.ticket(type).get()).reveal();
      const { nonceStr, timestamp } = config;
      expect(config.signature).toBe(
        jsSdkSignature({ ticket, nonceStr, timestamp, url: "https://app.example/page?a=1" }),
      );
    }
    expect(simulator.log.issues(undefined, "/cgi-bin/get_jsapi_ticket")).toHaveLength(1);
    expect(simulator.log.issues(undefined, "/cgi-bin/ticket/get")).toHaveLength(1);
    await client.close();
  });

  test("requires the agent id if the app's name is not a number", async () => {
    const { node } = world();
    const client = node({ app: "contacts" });
    await expect(client.agentConfig("https://app.example/")).rejects.toMatchObject({
      code: "CONFIGURATION",
      rule: "agent-id",
    });
    const named = node({ app: "sales", agentId: 1_000_002 });
    expect(named.status().id).toBe(`wecom:app:${corpId}:sales`);
    await Promise.all([client.close(), named.close()]);
  });

  test("returns nothing after it was closed, and shows no secret", async () => {
    const { node } = world();
    const client = node();
    expect(client.ticket("jsapi")).toBe(client.ticket("jsapi"));
    await client.close();
    expect(() => client.ticket("agent_config")).toThrow(
      expect.objectContaining({ code: "CLOSED" }),
    );
    expect(JSON.stringify(client)).not.toContain(app.secret.slice(0, 8));
  });

  test("as a consumer needs no secret", async () => {
    const { clock, node } = world();
    const owner = node();
    const consumer = node({ role: "consumer", secret: undefined as never });
    const token = owner.token();
    await clock.advance(1000);
    const seen = consumer.token();
    await clock.advance(1000);
    expect(await seen).toBe(await token);
    await Promise.all([owner.close(), consumer.close()]);
  });
});
