/** The WeChat-shaped routes, as SDKs call them. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { NewKey } from "../keys/server-keys.ts";
import { sdkNames } from "../keys/key-document.ts";
import { appId, otherId, ref, requestOf, serverWorld } from "../server-world.fixture.ts";
import type { Replica, ServerWorld } from "../server-world.fixture.ts";
import { expiresIn, sdkMargins } from "./sdk-margins.ts";

let world: ServerWorld;
let replica: Replica;

beforeEach(() => {
  world = serverWorld();
  replica = world.replica();
});
afterEach(() => world.close());

interface Answer {
  readonly access_token?: string;
  readonly ticket?: string;
  readonly expires_in?: number;
  readonly errcode?: number;
}

async function plain(secret: string, more: Record<string, string> = {}): Promise<Answer> {
  const query = new URLSearchParams({
    grant_type: "client_credential",
    appid: appId,
    secret,
    ...more,
  });
  const response = await replica.ask(`/cgi-bin/token?${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

async function stable(secret: string, more: object = {}): Promise<Answer> {
  const json = { grant_type: "client_credential", appid: appId, secret, ...more };
  return (await (await replica.ask("/cgi-bin/stable_token", { json })).json()) as Answer;
}

const fresh = async (given: Partial<NewKey> = {}): Promise<string> => {
  const key = await world.key({ rights: ["read"], ...given });
  await world.clock.advance(500);
  return key;
};

test("both token routes return the fleet's one token, and the platform accepts it", async () => {
  const key = await fresh();
  const first = await plain(key);
  expect(await stable(key)).toEqual(first);
  expect(first.access_token).toBe(await world.during(replica.client.token()));
  expect(first.expires_in).toBe(300);
  expect(world.simulator.log.fetches(appId)).toHaveLength(1);
});

test("refusals have WeChat's codes, because SDKs read nothing else", async () => {
  const key = await fresh();
  expect((await plain(key, { grant_type: "x" })).errcode).toBe(40002);
  expect((await plain("")).errcode).toBe(41004);
  expect((await plain(key, { appid: "" })).errcode).toBe(41002);
  expect((await plain("5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0")).errcode).toBe(40125);
  const absent = await plain(key, { appid: "wx0000000000000000" });
  expect(absent.errcode).toBe(40013);
  expect(await plain(key, { appid: otherId })).toEqual(absent);
  expect((await plain(await fresh({ refs: ["x"] }))).errcode).toBe(40013);
  expect((await plain(await fresh({ rights: ["reject"] }))).errcode).toBe(40013);
  const text = await replica.ask("/cgi-bin/stable_token", { body: "{" });
  expect(await text.json()).toMatchObject({ errcode: 47001 });
  const slow = await fresh({ perSecond: 1 });
  await plain(slow);
  await plain(slow);
  expect((await plain(slow)).errcode).toBe(45009);
});

test("an unreachable store or platform becomes `system busy`, without the reason's text", async () => {
  const key = await fresh();
  for (let n = 0; n < 50; n += 1) world.simulator.faults.next({ errcode: -1 });
  expect((await plain(key)).errcode).toBe(-1);
});

test("force_refresh needs the right to refresh", async () => {
  const key = await fresh();
  const { access_token: first } = await stable(key);
  expect((await stable(key, { force_refresh: true })).errcode).toBe(48001);
  expect((await stable(key, { force_refresh: false })).access_token).toBe(first);
  const strong = await fresh({ rights: ["read", "refresh"] });
  await world.clock.advance(60_000);
  expect((await stable(strong, { force_refresh: true })).access_token).not.toBe(first);
});

test("a ticket is returned only to a caller that has the present token", async () => {
  const key = await fresh();
  const { access_token: token = "" } = await plain(key);
  const ask = async (access_token: string, type: string): Promise<Answer> => {
    const query = new URLSearchParams({ access_token, type });
    return (await (await replica.ask(`/cgi-bin/ticket/getticket?${query}`)).json()) as Answer;
  };
  expect(await ask(token, "jsapi")).toMatchObject({ errcode: 0 });
  const { expires_in: seconds = 0, ticket } = await ask(token, "jsapi");
  expect(ticket).toMatch(/\S/);
  // The platform returned this ticket without its age, so only a short lifetime is promised.
  expect(seconds).toBeGreaterThanOrEqual(1);
  expect(seconds).toBeLessThanOrEqual(300);
  const { client } = replica;
  const wechat = { appId, ticket: client.ticket, sdk: "silenceper/wechat" as const };
  replica = world.replica("go", { credentials: [{ credential: client.credential, wechat }] });
  expect((await ask(token, "jsapi")).expires_in).toBeGreaterThan(1_500);
  expect((await plain(key)).expires_in).toBe(1_800);
  for (const wrong of ["", "x", key, `${token}x`, "a".repeat(50_000)])
    expect((await ask(wrong, "jsapi")).errcode).toBe(40001);
  for (const type of ["", "2", "__proto__"]) expect((await ask(token, type)).errcode).toBe(40097);
});

async function ticketFor(access_token: string): Promise<Answer> {
  const query = new URLSearchParams({ access_token, type: "jsapi" });
  return (await (await replica.ask(`/cgi-bin/ticket/getticket?${query}`)).json()) as Answer;
}

test("a replaced token gives tickets for exactly as long as SDKs hold it", async () => {
  const key = await fresh({ rights: ["read", "refresh"] });
  const { access_token: held = "" } = await plain(key);
  await world.clock.advance(60_000);
  const { access_token: next = "" } = await stable(key, { force_refresh: true });
  expect(next).not.toBe(held);
  expect(await ticketFor(held)).toMatchObject({ errcode: 0 });
  await world.clock.advance(301_000);
  expect((await ticketFor(held)).errcode).toBe(40001);
  expect(await ticketFor(next)).toMatchObject({ errcode: 0 });
});

test("tickets have a rate for each account, and a request for one does not count as a use", async () => {
  const key = await fresh();
  const { access_token: token = "" } = await plain(key);
  await ticketFor(token);
  const { uses } = replica.client.credential.status();
  for (let n = 0; n < 20; n += 1) await ticketFor("x");
  expect(replica.client.credential.status().uses).toBe(uses);
  const path = `/cgi-bin/ticket/getticket?type=jsapi&access_token=${token}`;
  const asked = Array.from({ length: 500 }, () => replica.server.handle(requestOf(path)));
  const answers = await world.during(Promise.all(asked.map(async (each) => (await each).json())));
  const codes = new Set((answers as Answer[]).map(({ errcode }) => errcode));
  expect([...codes].toSorted()).toEqual([0, 45009]);
});

test("a refused right is logged in the audit", async () => {
  const admin = await world.key({ rights: ["read", "admin"], refs: ["*"] });
  const key = await fresh();
  await plain(key, { appid: otherId });
  await stable(key, { force_refresh: true });
  await world.clock.advance(3_000);
  const audit = await (await replica.ask("/v1/audit", { key: admin })).text();
  expect(audit).toContain('"detail":"read"');
  expect(audit).toContain('"detail":"refresh"');
});

describe("the expires_in of a response", () => {
  const kinds = ["token", "stable", "ticket"] as const;
  const held = (sdk: (typeof sdkNames)[number], kind: (typeof kinds)[number], seconds: number) =>
    sdkMargins[sdk][`${kind}S`].map((margin) => seconds - margin);

  test.each(sdkNames.flatMap((sdk) => kinds.map((kind) => [sdk, kind] as const)))(
    "makes %s keep a %s no longer than it lives, nor than the configured time",
    (sdk, kind) => {
      for (const leftMs of [1_000, 59_000, 200_000, 1_500_000, 7_200_000]) {
        const seconds = expiresIn(sdk, kind, leftMs, 300_000)!;
        for (const heldS of held(sdk, kind, seconds))
          expect(heldS * 1_000).toBeLessThanOrEqual(Math.min(leftMs, 300_000));
        // Some SDKs store a token that ends at once without an expiry.
        if (sdkMargins[sdk][`${kind}S`][0] === sdkMargins[sdk][`${kind}S`][1])
          expect(Math.min(...held(sdk, kind, seconds))).toBeGreaterThanOrEqual(1);
      }
      expect(expiresIn(sdk, kind, 999, 300_000)).toBeUndefined();
    },
  );

  test("never exceeds the remaining lifetime for an unknown SDK", () => {
    for (const leftMs of [1_000, 5_999, 7_200_000])
      expect(expiresIn(undefined, "token", leftMs, 10_000_000)).toBe(Math.floor(leftMs / 1_000));
  });

  test("depends on the SDK of the server key", async () => {
    const silenceper = await fresh({ sdk: "silenceper/wechat" });
    expect((await plain(silenceper)).expires_in).toBe(1_800);
    expect((await stable(silenceper)).expires_in).toBe(600);
    expect((await plain(await fresh({ sdk: "wechatpy" }))).expires_in).toBe(300);
  });

  test("is a second less for a ticket of wechatpy, which uses it in the second of its end", () => {
    expect(expiresIn("wechatpy", "ticket", 7_200_000, 300_000)).toBe(299);
    expect(expiresIn("wechatpy", "ticket", 1_000, 300_000)).toBe(0);
  });
});

test("the audit has each read and each refusal of the façade, and no secret", async () => {
  const key = await fresh({ name: "go service" });
  const { access_token: token = "" } = await plain(key);
  await plain(key, { appid: otherId });
  await world.clock.advance(3_000);
  const admin = await fresh({ rights: ["admin"], refs: ["*"] });
  const text = await (await replica.ask("/v1/audit", { key: admin })).text();
  expect(text).toContain(`"type":"handed-out"`);
  expect(text).toContain(`"name":"go service"`);
  expect(text).toContain(`"ref":"${ref}"`);
  expect(text).toContain(`"type":"refused"`);
  expect(text).not.toContain(token);
  expect(text).not.toContain(key);
});

test("a token that was killed outside is held for the configured time, although no SDK reports it", async () => {
  const key = await fresh();
  const first = (await plain(key)).access_token;
  await world.clock.advance(10_000);
  world.simulator.operator.kill(appId, { kind: "stable" });
  // Asked again soon it may be the same one, for no longer than the first answer allowed.
  const again = await plain(key);
  expect(again).toEqual({ access_token: first, expires_in: 290 });
  await world.clock.advance(290_000);
  const { access_token: token = "" } = await plain(key);
  expect(token).not.toBe(first);
  expect(world.simulator.log.calls({ endpoint: "/cgi-bin/getcallbackip" }).length).toBeLessThan(5);
});

test("a platform that hangs keeps no SDK waiting for a check, and one check serves all", async () => {
  const key = await fresh({ perSecond: 1_000 });
  await plain(key);
  await world.clock.advance(60_000);
  world.simulator.faults.always(() => ({ delayAfterMs: 60_000 }));
  const fromMs = world.clock.monotonicMs();
  const { seq } = world.simulator.log;
  const all = await Promise.all(Array.from({ length: 20 }, () => plain(key)));
  for (const { expires_in: seconds } of all) expect(seconds).toBeGreaterThan(290);
  expect(world.clock.monotonicMs() - fromMs).toBeLessThan(3_000);
  // One check, which asks again when it was not answered.
  expect(world.simulator.log.calls({ afterSeq: seq }).length).toBeLessThanOrEqual(3);
});
