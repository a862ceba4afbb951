import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import { credential } from "@lingpai/core";
import type { IssueRequest } from "@lingpai/core";
import { manualClock, seededRandom } from "@lingpai/core/testing";
import { createSimulator } from "@lingpai/wechat-simulator";
import { describe, expect, test } from "vitest";
import { asSecret } from "../transport/platform-answer.ts";
import { createApi } from "../calls/api.ts";
import { corpGroupToken } from "./corp-group-token.ts";
import { scriptedFetch } from "../transport/scripted-fetch.fixture.ts";
import type { Scripted } from "../transport/scripted-fetch.fixture.ts";
import { wecomTicket } from "../tickets/ticket.ts";
import { wecomToken } from "./wecom-token.ts";

const corpId = "ww0123456789abcdef";
const secret = "kP3-app_secret_of_a_corp_that_is_43_chars_x";
const request: IssueRequest = {
  signal: new AbortController().signal,
  reason: "cold",
  forced: false,
  current: undefined,
  parent: undefined,
};

describe("a WeCom app's issuer", () => {
  test("sends the documented request", async () => {
    const fetch = scriptedFetch({ errcode: 0, errmsg: "ok", access_token: "t", expires_in: 7200 });
    await expect(
      wecomToken({ corpId, app: "1000002", secret, fetch }).issue(request),
    ).resolves.toMatchObject({
      secret: asSecret("t"),
      expiresInMs: 300_000,
      isAgeUnknown: true,
    });
    expect(fetch.sent[0]?.url.href).toBe(
      `https://qyapi.weixin.qq.com/cgi-bin/gettoken?corpid=${corpId}&corpsecret=${secret}`,
    );
  });

  test("has the corp and the app in its name, because each app has a token of its own", () => {
    expect(wecomToken({ corpId, app: "1000002", secret }).id).toBe(`wecom:app:${corpId}:1000002`);
    expect(wecomToken({ corpId, app: "contacts", secret }).id).toBe(`wecom:app:${corpId}:contacts`);
  });

  test.each<[number, string, number | undefined]>([
    [40001, "fatal", undefined],
    [40091, "fatal", undefined],
    [40013, "fatal", undefined],
    [60020, "fatal", undefined],
    [45033, "busy", undefined],
    [45009, "busy", 60_000],
    [-1, "busy", undefined],
  ])("turns %d into %s", async (errcode, outcome, retryAfterMs) => {
    const answer: Scripted = { errcode, errmsg: `refused ${secret}` };
    const failed = wecomToken({ corpId, app: "a", secret, fetch: scriptedFetch(answer) }).issue(
      request,
    );
    await expect(failed).rejects.toMatchObject({
      outcome,
      retryAfterMs,
      message: expect.not.stringContaining(secret.slice(0, 8)),
    });
  });

  test("reads a rotated secret again", async () => {
    const secrets = [secret, `${secret}-2`];
    const fetch = scriptedFetch(
      { errcode: 40001 },
      { errcode: 0, access_token: "t", expires_in: 7200 },
    );
    await wecomToken({ corpId, app: "a", secret: () => secrets.shift() ?? "", fetch }).issue(
      request,
    );
    expect(fetch.sent.map(({ url }) => url.searchParams.get("corpsecret"))).toEqual([
      secret,
      `${secret}-2`,
    ]);
  });

  test.each([
    { corpId: "gh_0123456789abcd" },
    { app: "" },
    { app: "a:b" },
    { secret: "<secret>" },
    { secret: `${secret}\n` },
    { baseUrl: "http://qyapi.weixin.qq.com" },
  ])("refuses the option %j", (wrong) => {
    expect(() => wecomToken({ corpId, app: "a", secret, ...wrong })).toThrow(
      expect.objectContaining({ code: "CONFIGURATION" }),
    );
  });
});

test("two nodes share a WeCom app's token through its expiries, and no caller sees one", async () => {
  const clock = manualClock();
  const app = { agentId: "1000002", secret };
  const simulator = createSimulator({
    clock,
    random: seededRandom(1),
    latencyMs: 50,
    corps: [{ corpId, apps: [app] }],
  });
  const baseUrl = "https://qyapi.weixin.qq.com";
  const store = memoryStore({ clock });
  const nodes = ["a", "b"].map((name) => {
    const fetch = simulator.fetchAs({ caller: name });
    const issuer = wecomToken({ corpId, app: app.agentId, secret, fetch, clock });
    const token = credential({
      issuer,
      environment: "prod",
      node: name,
      clock,
      cache: memoryCache(store, { clock }),
      lock: memoryLock(store, { clock }),
    });
    return { token, api: createApi(token, { fetch, clock, baseUrl }) };
  });
  const answers: unknown[] = [];
  const startMs = clock.wallMs();
  for (let minute = 0; minute < 5 * 60; minute += 1) {
    const calls = Promise.all(
      nodes.map(({ api }) => api.request("/cgi-bin/message/send", { json: { agentid: 1000002 } })),
    );
    await clock.advance(60_000);
    answers.push(...(await calls).map(({ errcode }) => errcode));
  }
  expect(answers).toEqual(Array.from({ length: 600 }, () => 0));
  // Only the first token's end is unknown. No call with a later one was refused and sent again.
  const refusedMs = simulator.log.calls({ ok: false }).map(({ atMs }) => atMs - startMs);
  expect(Math.max(...refusedMs)).toBeLessThan(7_200_000 + 600_000);
  expect(simulator.log.tally(`${corpId}/1000002`)).toMatchObject({ issued: 3 });
  expect(simulator.log.tally(`${corpId}/1000002`).fetches).toBeLessThanOrEqual(100);
  await Promise.all(nodes.map(({ token }) => token.close()));
});

test("a WeCom ticket survives the token with which it was obtained", async () => {
  const clock = manualClock();
  const app = { agentId: "1000002", secret };
  const simulator = createSimulator({
    clock,
    random: seededRandom(1),
    latencyMs: 50,
    corps: [{ corpId, apps: [app] }],
  });
  const { fetch } = simulator;
  const store = memoryStore({ clock });
  const shared = {
    environment: "prod",
    clock,
    cache: memoryCache(store, { clock }),
    lock: memoryLock(store, { clock }),
  };
  const token = credential({
    ...shared,
    issuer: wecomToken({ corpId, app: app.agentId, secret, fetch, clock }),
  });
  const tickets = (["jsapi", "agent_config"] as const).map((type) =>
    credential({
      ...shared,
      issuer: wecomTicket({ corpId, app: app.agentId, type, fetch, clock }),
      parent: token,
    }),
  );
  const first = Promise.all(tickets.map((each) => each.get()));
  await clock.advance(60_000);
  expect(new Set((await first).map((each) => each.reveal())).size).toBe(2);
  simulator.operator.revoke(`${corpId}/${app.agentId}`);
  const again = Promise.all(tickets.map((each) => each.refresh()));
  await clock.advance(60_000);
  expect((await again).map((each) => each.reveal())).toEqual(
    (await first).map((each) => each.reveal()),
  );
  expect(
    simulator.log.entries({ endpoint: "/cgi-bin/gettoken" }).map(({ reason }) => reason),
  ).toEqual(["new", "new"]);
  await Promise.all([token, ...tickets].map((each) => each.close()));
  // The timer of the store's own deadline may still run.
  await clock.advance(1000);
  expect(clock.pendingTimers).toBe(0);
});

test("a downstream corp is served with the token of the app that is shared with it, and with no other", async () => {
  const clock = manualClock();
  const app = { agentId: "1000002", secret };
  const [downstreamCorpId, agentId] = ["wwfedcba9876543210", 1_000_007];
  const corps = [{ corpId, apps: [app], shares: [{ corpId: downstreamCorpId, agentId }] }];
  const { fetch, operator } = createSimulator({ clock, random: seededRandom(1), corps });
  const store = memoryStore({ clock });
  const shared = {
    environment: "prod",
    clock,
    cache: memoryCache(store, { clock }),
    lock: memoryLock(store, { clock }),
  };
  const upstream = credential({
    ...shared,
    issuer: wecomToken({ corpId, app: app.agentId, secret, fetch, clock }),
  });
  const group = { corpId, app: app.agentId, downstreamCorpId, agentId, fetch, clock };
  const downstream = credential({ ...shared, issuer: corpGroupToken(group), parent: upstream });
  const api = createApi(downstream, { fetch, clock });
  const during = async <T>(work: Promise<T>): Promise<T> => {
    work.catch(() => undefined);
    await clock.advance(60_000);
    return work;
  };
  await expect(during(api.request("/cgi-bin/message/send", { json: {} }))).resolves.toMatchObject({
    errcode: 0,
  });
  operator.revoke(`${corpId}/${app.agentId}`);
  operator.revoke(`${downstreamCorpId}/${agentId}`);
  await expect(during(api.request("/cgi-bin/message/send", { json: {} }))).resolves.toMatchObject({
    errcode: 0,
  });
  const stranger = credential({
    ...shared,
    issuer: corpGroupToken({ ...group, agentId: 9 }),
    parent: upstream,
  });
  await expect(during(stranger.get())).rejects.toMatchObject({
    message: expect.stringContaining("670001"),
  });
  await Promise.all([stranger, downstream, upstream].map((each) => each.close()));
});
