/**
 * A third-party platform end to end: real credentials, the memory store, and the platform's own
 * log, which decides.
 */
import { inspect } from "node:util";
import { CredentialUnavailableError } from "@lingpai/core";
import type { CredentialEvent } from "@lingpai/core";
import { afterEach, describe, expect, test } from "vitest";
import {
  componentAppId,
  endpoint,
  platformWorld,
  secret,
  tenantAppId,
} from "./platform-world.fixture.ts";
import type { PlatformWorld } from "./platform-world.fixture.ts";

const info = "/cgi-bin/user/info";
const query = { openid: "o" };
const otherAppId = "wxfedcba9876543210";
const open: PlatformWorld[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((world) => world.close()));
});

function world(...args: Parameters<typeof platformWorld>): PlatformWorld {
  const made = platformWorld(...args);
  open.push(made);
  return made;
}

const codesAt = ({ simulator }: PlatformWorld, name: string): number[] =>
  simulator.log.entries({ endpoint: endpoint(name) }).map(({ code }) => code);

describe("a component's token", () => {
  test("is fetched once for four nodes with 25 callers each", async () => {
    const platform = world();
    const nodes = ["a", "b", "c", "d"].map((name) => platform.node(name));
    await platform.pushTo(platform.node("receiver"));
    await platform.during(
      Promise.all(nodes.flatMap((node) => Array.from({ length: 25 }, () => node.credential.get()))),
    );
    expect(codesAt(platform, "api_component_token")).toEqual([0]);
  });

  test("is not available before the first push, which costs no request, and is available after it", async () => {
    const platform = world();
    const node = platform.node("a");
    await expect(platform.during(node.credential.get())).rejects.toThrow(/none has been pushed/);
    expect(platform.simulator.log.fetches(componentAppId)).toEqual([]);
    await platform.pushTo(node);
    await platform.during(node.credential.get());
    expect(codesAt(platform, "api_component_token")).toEqual([0]);
  });

  test.each([61005, 61006])(
    "is obtained with the previous ticket when the platform refuses the newest with %d",
    async (errcode) => {
      const platform = world();
      const node = platform.node("a");
      await platform.pushTo(node);
      await platform.clock.advance(600_000);
      // The newest ticket in the store is one that the platform never made, or no longer accepts.
      await node.ticket.put("ticket@@@nonsense", platform.clock.wallMs());
      if (errcode === 61005)
        platform.simulator.faults.next({ errcode }, { endpoint: endpoint("api_component_token") });
      await platform.during(node.credential.get());
      expect(codesAt(platform, "api_component_token")).toEqual([errcode, 0]);
      await expect(node.ticket.status()).resolves.toMatchObject({ live: 1 });
    },
  );

  test("waits for the next push when the platform refuses both tickets, and sends no further request", async () => {
    const platform = world();
    const { clock, node: nodeOf, simulator, during, pushTo } = platform;
    const node = nodeOf("a");
    await pushTo(node);
    await clock.advance(600_000);
    await pushTo(node);
    simulator.faults.next(
      { errcode: 61006 },
      { endpoint: endpoint("api_component_token"), times: 2 },
    );
    for (let call = 0; call < 5; call += 1)
      await expect(during(node.credential.get())).rejects.toBeInstanceOf(
        CredentialUnavailableError,
      );
    expect(codesAt(platform, "api_component_token")).toEqual([61006, 61006]);
    await pushTo(node);
    await during(node.credential.get());
    expect(codesAt(platform, "api_component_token")).toEqual([61006, 61006, 0]);
  });

  test(
    "is renewed through twelve hours of ordinary pushes without a refused call",
    { timeout: 240_000 },
    async () => {
      const platform = world();
      const node = platform.node("a");
      for (let push = 0; push < 6 * 12; push += 1) {
        await platform.pushTo(node);
        await platform.during(node.credential.get());
        await platform.clock.advance(600_000);
      }
      expect(platform.simulator.log.entries({ ok: false })).toEqual([]);
      expect(codesAt(platform, "api_component_token").length).toBeLessThanOrEqual(7);
    },
  );

  test("is replaced, and the call sent again, after a system outside the fleet fetched one", async () => {
    const platform = world({}, { overlapMs: 0 });
    const node = platform.node("a", { overlapMs: 0 });
    await platform.pushTo(node);
    await platform.during(node.preAuthCode());
    await platform.clock.advance(60_000);
    platform.simulator.operator.kill(componentAppId, { kind: "component" });
    await expect(platform.during(node.preAuthCode())).resolves.toMatchObject({
      expiresInMs: 1_800_000,
      code: expect.any(String),
    });
    expect(codesAt(platform, "api_create_preauthcode")).toEqual([0, 40001, 0]);
  });
});

describe("an authorisation", () => {
  test("gives the fleet the account's tokens, and costs one request", async () => {
    const platform = world();
    const [a, b] = [platform.node("a"), platform.node("b")];
    await platform.authorise(a);
    for (const node of [a, b])
      await expect(
        platform.during(node.tenant(tenantAppId).request(info, { query })),
      ).resolves.toMatchObject({ openid: "o" });
    expect([
      codesAt(platform, "api_query_auth"),
      codesAt(platform, "api_authorizer_token"),
    ]).toEqual([[0], []]);
    expect(platform.simulator.log.tally(tenantAppId)).toEqual({
      fetches: 1,
      issued: 1,
      calls: 2,
      refused: 0,
    });
  });

  test("counts the lifetime of its tokens from the time of the request", async () => {
    const platform = world({}, { latencyMs: 6_000 });
    const node = platform.node("a");
    await platform.authorise(node);
    const skewMarginMs = 30_000;
    expect(node.tenant(tenantAppId).credential.status().remainingMs).toBeLessThanOrEqual(
      7_200_000 - 6_000 - skewMarginMs,
    );
  });

  test("with an invalid code is refused to its caller, and changes nothing", async () => {
    const platform = world();
    const node = platform.node("a");
    await platform.authorise(node);
    await expect(platform.during(node.authorize("unknown"))).rejects.toMatchObject({
      code: "PLATFORM_REFUSED",
      errcode: 61009,
    });
    expect(node.tenant(tenantAppId).credential.status().state).toBe("fresh");
  });

  test("is redeemed automatically when it is pushed, and the browser with the same code finds the account ready", async () => {
    const platform = world();
    const [a, b] = [platform.node("a"), platform.node("b")];
    await platform.pushTo(a);
    const { code, push } = platform.simulator.openPlatform.authorize(componentAppId, tenantAppId);
    await expect(platform.during(platform.deliver(push, a))).resolves.toMatchObject({
      status: 200,
    });
    expect(codesAt(platform, "api_query_auth")).toEqual([0]);
    const tenant = await platform.during(b.authorize(code));
    expect(tenant.appId).toBe(tenantAppId);
    await expect(platform.during(tenant.request(info, { query }))).resolves.toMatchObject({
      openid: "o",
    });
    expect(codesAt(platform, "api_query_auth")).toEqual([0]);
  });

  test("from a quick registration is redeemed automatically", async () => {
    const platform = world();
    const node = platform.node("a");
    await platform.pushTo(node);
    const { code } = platform.simulator.openPlatform.authorize(componentAppId, tenantAppId);
    const document = `<xml><AppId>${componentAppId}</AppId><InfoType><![CDATA[notify_third_fasteregister]]></InfoType><appid>${tenantAppId}</appid>
      <status>0</status><auth_code><![CDATA[${code}]]></auth_code><info><name><![CDATA[a]]></name><code_type>1</code_type></info></xml>`;
    const push = platform.simulator.openPlatform.push(componentAppId, document);
    await expect(platform.during(platform.deliver(push, node))).resolves.toMatchObject({
      status: 200,
    });
    expect(codesAt(platform, "api_query_auth")).toEqual([0]);
    expect(node.tenant(tenantAppId).credential.status().state).toBe("fresh");
  });

  test("costs one request when the push and the browser bring its code at once, to two nodes", async () => {
    const platform = world({}, { latencyMs: 1_000 });
    const [a, b] = [platform.node("a"), platform.node("b")];
    await platform.pushTo(a);
    const { code, push } = platform.simulator.openPlatform.authorize(componentAppId, tenantAppId);
    const both = Promise.all([platform.deliver(push, a), b.authorize(code), a.authorize(code)]);
    const [reply, tenant] = await platform.during(both);
    expect([reply.status, tenant.appId]).toEqual([200, tenantAppId]);
    expect(codesAt(platform, "api_query_auth")).toEqual([0]);
  });

  test("whose redeeming process died before it stored anything succeeds when it is pushed once more", async () => {
    const platform = world();
    const [a, b] = [platform.node("a"), platform.node("b")];
    await platform.pushTo(a);
    const { push } = platform.simulator.openPlatform.authorize(componentAppId, tenantAppId);
    platform.simulator.faults.next({ loseReply: true }, { endpoint: endpoint("api_query_auth") });
    await expect(platform.during(platform.deliver(push, a))).resolves.toMatchObject({
      status: 503,
    });
    await expect(platform.during(platform.deliver(push, b))).resolves.toMatchObject({
      status: 200,
    });
    expect([
      codesAt(platform, "api_query_auth"),
      codesAt(platform, "api_get_authorizer_info"),
    ]).toEqual([[0, 61009], [0]]);
    expect(b.tenant(tenantAppId).credential.status().state).toBe("fresh");
  });

  test("whose answer is lost after the code was redeemed is recovered by one request about the account", async () => {
    const platform = world();
    const node = platform.node("a");
    await platform.pushTo(node);
    const { code } = platform.simulator.openPlatform.authorize(componentAppId, tenantAppId);
    platform.simulator.faults.next({ loseReply: true }, { endpoint: endpoint("api_query_auth") });
    await expect(platform.during(node.authorize(code))).rejects.toThrow("fetch failed");
    await expect(
      platform.during(node.tenant(tenantAppId).request(info, { query })),
    ).resolves.toMatchObject({ openid: "o" });
    expect([
      codesAt(platform, "api_get_authorizer_info"),
      codesAt(platform, "api_authorizer_token"),
    ]).toEqual([[0], [0]]);
  });

  test("finds an account on any page of the platform's list, if its information has no refresh token", async () => {
    const platform = world({ refreshTokenSources: ["list"] });
    const node = platform.node("a");
    await platform.pushTo(node);
    for (let number = 0; number < 1100; number += 1)
      platform.simulator.openPlatform.authorize(
        componentAppId,
        `wx${String(number).padStart(16, "0")}`,
      );
    await platform.during(node.tenant("wx0000000000001050").token());
    expect(codesAt(platform, "api_get_authorizer_list")).toEqual([0, 0, 0]);
  });

  test("must be repeated, and says so, when WeChat returns the refresh token nowhere", async () => {
    const platform = world({ refreshTokenSources: [] });
    const node = platform.node("a");
    await platform.pushTo(node);
    platform.simulator.openPlatform.authorize(componentAppId, tenantAppId);
    await expect(platform.during(node.tenant(tenantAppId).token())).rejects.toThrow(
      /authorise this platform again/,
    );
  });
});

describe.each(["never", "on-reauthorise", "always"] as const)(
  "refresh tokens that rotate %s",
  (rotateRefreshToken) => {
    test.each([0, 300_000])(
      "serve two nodes for two days, with an overlap of %d ms, and none is sent again after it was replaced",
      async (overlapMs) => {
        const platform = world({ rotateRefreshToken }, { overlapMs });
        const { clock, during, simulator, sent } = platform;
        const nodes = [platform.node("a", { overlapMs }), platform.node("b", { overlapMs })];
        await platform.authorise(platform.node("receiver", { overlapMs }));
        for (let push = 0; push < 6 * 48; push += 1) {
          await platform.pushTo(nodes[push % 2] ?? platform.node("c"));
          if (push % 3 === 0)
            for (const node of nodes)
              await during(node.tenant(tenantAppId).request(info, { query }));
          await clock.advance(600_000);
        }
        expect(simulator.log.calls({ appId: tenantAppId, ok: false })).toEqual([]);
        expect(
          simulator.log.entries({ endpoint: endpoint("api_authorizer_token"), ok: false }),
        ).toEqual([]);
        expect(simulator.log.entries({ endpoint: endpoint("api_get_authorizer_list") })).toEqual(
          [],
        );
        const distinct = new Set(sent.map(({ refreshToken }) => refreshToken)).size;
        expect(sent.length).toBeGreaterThan(20);
        expect(distinct).toBe(rotateRefreshToken === "always" ? sent.length : 1);
      },
    );

    test("survive a new authorisation on another node, with the refresh token that it brought", async () => {
      const platform = world({ rotateRefreshToken, refreshGraceMs: 0 });
      const [a, b] = [
        platform.node("a", { refreshGraceMs: 0 }),
        platform.node("b", { refreshGraceMs: 0 }),
      ];
      await platform.authorise(a);
      await platform.during(b.tenant(tenantAppId).token());
      await platform.clock.advance(60_000);
      await platform.authorise(b);
      await platform.during(a.tenant(tenantAppId).credential.refresh());
      await expect(
        platform.during(a.tenant(tenantAppId).request(info, { query })),
      ).resolves.toMatchObject({ openid: "o" });
      expect(codesAt(platform, "api_authorizer_token")).toEqual([0]);
    });

    test("are looked up when the stored one no longer works", async () => {
      const platform = world({ rotateRefreshToken, refreshGraceMs: 0 });
      const node = platform.node("a", { refreshGraceMs: 0 });
      await platform.authorise(node);
      // The account withdraws and consents again. This fleet never gets the code, because another
      // service redeemed it.
      platform.simulator.openPlatform.unauthorize(componentAppId, tenantAppId);
      platform.simulator.openPlatform.authorize(componentAppId, tenantAppId);
      await expect(
        platform.during(node.tenant(tenantAppId).request(info, { query })),
      ).resolves.toMatchObject({ openid: "o" });
      expect(codesAt(platform, "api_authorizer_token")).toEqual([61023, 0]);
      expect(codesAt(platform, "api_get_authorizer_info")).toEqual([0]);
      expect(codesAt(platform, "api_get_authorizer_list")).toEqual([]);
    });
  },
);

describe("a tenant's token", () => {
  test.each([
    [
      "is superseded",
      (platform: PlatformWorld) =>
        platform.simulator.operator.kill(componentAppId, { kind: "component" }),
      40001,
    ],
    [
      "is expired",
      (platform: PlatformWorld) => platform.simulator.operator.expireNow(componentAppId),
      42006,
    ],
    [
      "is revoked",
      (platform: PlatformWorld) => platform.simulator.operator.revoke(componentAppId),
      40001,
    ],
  ])(
    "is refreshed even when the component's token %s: the component's token is replaced, and one request is sent again",
    async (_title, act, errcode) => {
      const platform = world({}, { overlapMs: 0 });
      const node = platform.node("a", { overlapMs: 0 });
      await platform.authorise(node);
      await platform.clock.advance(60_000);
      act(platform);
      const before = platform.simulator.log.seq;
      await platform.during(node.tenant(tenantAppId).credential.refresh());
      const entries = platform.simulator.log
        .entries({ kind: "issue", afterSeq: before })
        .filter(({ caller }) => caller === "a");
      expect(entries.map(({ endpoint: at, code }) => [at, code])).toEqual([
        [endpoint("api_authorizer_token"), errcode],
        [endpoint("api_component_token"), 0],
        [endpoint("api_authorizer_token"), 0],
      ]);
      expect(node.tenant(tenantAppId).credential.status().quota.used).toBe(2);
    },
  );

  test("ends with its account's consent for that account alone, is retried by one node now and then, and works on every node after a new authorisation", async () => {
    const platform = world({ rotateRefreshToken: "never" });
    const { during, simulator } = platform;
    const nodes = [platform.node("a"), platform.node("b")];
    const [a, b] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
    await platform.authorise(a);
    await platform.authorise(a, otherAppId);
    for (const node of nodes) await during(node.tenant(tenantAppId).token());
    await platform.clock.advance(60_000);
    simulator.openPlatform.changePassword(componentAppId, tenantAppId);
    for (const node of nodes) {
      for (let call = 0; call < 3; call += 1) {
        await expect(
          during(node.tenant(tenantAppId).request(info, { query })),
        ).rejects.toMatchObject(
          call === 0 ? { errcode: 40001 } : { code: "CREDENTIAL_UNAVAILABLE", retryable: false },
        );
        await platform.clock.advance(120_000);
      }
      await expect(during(node.tenant(otherAppId).request(info, { query }))).resolves.toMatchObject(
        { openid: "o" },
      );
    }
    const refused = simulator.log.entries({
      endpoint: endpoint("api_authorizer_token"),
      ok: false,
    });
    // Both nodes together: at once, after 1 min, and after 8 min more.
    expect(refused.map(({ code }) => code)).toEqual([42007, 42007, 42007]);
    await platform.authorise(a);
    for (const node of [b, a])
      await expect(
        during(node.tenant(tenantAppId).request(info, { query })),
      ).resolves.toMatchObject({ openid: "o" });
    await during(b.tenant(tenantAppId).credential.refresh());
    expect(
      simulator.log.entries({ endpoint: endpoint("api_authorizer_token") }).at(-1),
    ).toMatchObject({ code: 0, caller: "b" });
  });

  test("is distinguished from a lack of permission, which refreshes nothing", async () => {
    const platform = world();
    const node = platform.node("a");
    await platform.authorise(node);
    platform.simulator.faults.next({ errcode: 61007 }, { endpoint: info });
    await expect(
      platform.during(node.tenant(tenantAppId).request(info, { query })),
    ).rejects.toMatchObject({
      errcode: 61007,
      action: "pass",
    });
    expect(codesAt(platform, "api_authorizer_token")).toEqual([]);
  });

  test("is kept when the platform is busy for a while, at the cost of one attempt a step", async () => {
    const platform = world();
    const node = platform.node("a");
    await platform.authorise(node);
    platform.simulator.faults.next(
      { errcode: -1 },
      { endpoint: endpoint("api_authorizer_token"), times: 2 },
    );
    await platform.during(node.tenant(tenantAppId).credential.refresh());
    expect(
      platform.simulator.log
        .entries({ endpoint: endpoint("api_authorizer_token") })
        .map(({ code }) => code),
    ).toEqual([-1, -1, 0]);
  });
});

test("no secret, ticket, token or refresh token appears in anything that is printed", async () => {
  const platform = world({ rotateRefreshToken: "always" }, { overlapMs: 0 });
  const node = platform.node("a", { overlapMs: 0 });
  const events: CredentialEvent[] = [];
  const errors: unknown[] = [];
  await platform.authorise(node);
  const tenant = node.tenant(tenantAppId);
  for (const credential of [node.credential, tenant.credential])
    credential.watch((event) => void events.push(event));
  const tokens = [
    await platform.during(tenant.token()),
    (await platform.during(node.credential.get())).reveal(),
    (await node.ticket.get()).reveal(),
  ];
  await platform.during(tenant.credential.refresh());
  for (const errcode of [61023, 42007, 61003, -1, 61004]) {
    platform.simulator.faults.always(({ endpoint: at }) =>
      at === endpoint("api_authorizer_token")
        ? {
            body: () =>
              JSON.stringify({
                errcode,
                errmsg: `bad ${platform.sent.at(-1)?.refreshToken} ${tokens[1]}`,
              }),
          }
        : undefined,
    );
    errors.push(
      await platform.during(tenant.credential.refresh()).catch((error: unknown) => error),
    );
  }
  const shown = inspect(
    [node, tenant, node.credential.status(), tenant.credential.status(), events, errors],
    {
      depth: 14,
      showHidden: true,
    },
  );
  expect(errors).toHaveLength(5);
  for (const hidden of [
    secret,
    ...tokens,
    ...platform.sent.map(({ refreshToken }) => refreshToken),
  ])
    expect(shown).not.toContain(hidden);
});

test("closing settles every caller and leaves no timer", async () => {
  const platform = world();
  const node = platform.node("a");
  await platform.authorise(node);
  const waiting = node.tenant(otherAppId).token();
  waiting.catch(() => undefined);
  await platform.close();
  await expect(waiting).rejects.toMatchObject({ code: "CLOSED" });
  expect(() => node.tenant("wx0000000000000001")).toThrow(
    expect.objectContaining({ code: "CLOSED" }),
  );
  await platform.clock.advance(30_000);
  expect(platform.clock.pendingTimers).toBe(0);
});
