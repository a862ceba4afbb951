import { manualClock, seededRandom } from "@lingpai/core/testing";
import { describe, expect, test } from "vitest";
import { chaosKinds } from "../network/chaos-kinds.ts";
import { chaos } from "../network/chaos.ts";
import { documentedPaths } from "../paths/documented-paths.ts";
import { encryptedCorpId } from "../wecom/installations.ts";
import { createSimulator } from "../simulator.ts";
import { host, json, messageKeys, network, post, tokenFrom } from "../world.fixture.ts";

const work = "https://qyapi.weixin.qq.com";
const corp = { corpId: "ww0123456789abcdef", apps: [{ agentId: "1000002", secret: "app-secret" }] };

describe("a documented path", () => {
  test("is listed once for each host, with its page", () => {
    const names = documentedPaths.map((row) => `${row.host} ${row.path}`);
    expect(new Set(names).size).toBe(names.length);
    expect(documentedPaths.every(({ source }) => source.includes("weixin.qq.com/"))).toBe(true);
  });

  test("answers a live token with errcode 0 and a plausible body, or with a picture", async () => {
    const { simulator } = network();
    const token = await tokenFrom(simulator);
    const call = (path: string, init: RequestInit = {}): Promise<Response> =>
      simulator.fetch(`${host}${path}?access_token=${token}`, init);
    expect(await json(call("/cgi-bin/menu/get"))).toEqual({
      errcode: 0,
      errmsg: "ok",
      menu: { button: [] },
    });
    expect(await json(call("/cgi-bin/draft/add", post({})))).toMatchObject({
      errcode: 0,
      media_id: expect.any(String),
    });
    const form = new FormData();
    form.set("media", new Blob(["x"]), "x.png");
    expect(await json(call("/cgi-bin/media/upload", { method: "POST", body: form }))).toMatchObject(
      { errcode: 0, type: "image" },
    );
    const picture = await call("/wxa/getwxacodeunlimit", post({ scene: "a" }));
    expect(picture.headers.get("content-type")).toBe("image/jpeg");
  });

  test("refuses a dead token and a wrong method, and an undocumented path gets a 404", async () => {
    const { simulator } = network();
    const codeOf = async (path: string, init?: RequestInit): Promise<unknown> =>
      (await json(simulator.fetch(`${host}${path}`, init)))["errcode"];
    expect(await codeOf("/cgi-bin/menu/get")).toBe(41001);
    expect(await codeOf("/cgi-bin/menu/get?access_token=no-token-of-this-platform-at-all")).toBe(
      40001,
    );
    expect(await codeOf("/cgi-bin/menu/get", post({}))).toBe(43001);
    expect((await simulator.fetch(`${host}/cgi-bin/menu/nobody`)).status).toBe(404);
  });
});

describe("each host", () => {
  test("serves only its own paths and accepts only its own tokens", async () => {
    const { simulator } = network({ corps: [corp] });
    const official = await tokenFrom(simulator);
    const ours = String(
      (
        await json(
          simulator.fetch(`${work}/cgi-bin/gettoken?corpid=${corp.corpId}&corpsecret=app-secret`),
        )
      )["access_token"],
    );
    const statusOf = async (url: string): Promise<number> => (await simulator.fetch(url)).status;
    expect(await statusOf(`${host}/cgi-bin/gettoken`)).toBe(404);
    expect(await statusOf(`${work}/cgi-bin/token`)).toBe(404);
    expect(await statusOf("https://sh.api.weixin.qq.com/cgi-bin/token")).toBe(200);
    const codeOf = async (url: string): Promise<unknown> =>
      (await json(simulator.fetch(url)))["errcode"];
    expect(await codeOf(`${host}/cgi-bin/menu/get?access_token=${ours}`)).toBe(40001);
    expect(await codeOf(`${host}/cgi-bin/user/info?openid=o&access_token=${ours}`)).toBe(40001);
    expect(await codeOf(`${work}/cgi-bin/menu/get?access_token=${official}`)).toBe(40014);
    expect(await codeOf(`${work}/cgi-bin/menu/get?access_token=${ours}`)).toBe(0);
    // One loopback address serves all hosts.
    expect(await codeOf(`http://127.0.0.1:1/cgi-bin/menu/get?access_token=${ours}`)).toBe(0);
    expect(await codeOf(`http://127.0.0.1:1/cgi-bin/menu/get?access_token=${official}`)).toBe(0);
  });
});

describe("an operator's refusal", () => {
  test("affects one endpoint, for a number of requests or a time", async () => {
    const { clock, simulator } = network();
    const appId = "wx0123456789abcdef";
    const token = await tokenFrom(simulator);
    const codeOf = async (path: string): Promise<unknown> =>
      (await json(simulator.fetch(`${host}${path}?access_token=${token}`)))["errcode"] ?? 0;
    simulator.operator.refuse(appId, { endpoint: "/cgi-bin/menu/get" });
    expect([
      await codeOf("/cgi-bin/menu/get"),
      await codeOf("/cgi-bin/tags/get"),
      await codeOf("/cgi-bin/getcallbackip"),
    ]).toEqual([40001, 0, 0]);
    simulator.operator.allow(appId);
    expect(await codeOf("/cgi-bin/menu/get")).toBe(0);
    simulator.operator.refuse(appId, { code: 48001, times: 2 });
    expect([
      await codeOf("/cgi-bin/tags/get"),
      await codeOf("/cgi-bin/menu/get"),
      await codeOf("/cgi-bin/menu/get"),
    ]).toEqual([48001, 48001, 0]);
    simulator.operator.refuse(appId, { forMs: 60_000 });
    expect(await codeOf("/cgi-bin/tags/get")).toBe(40001);
    await clock.advance(60_000);
    expect(await codeOf("/cgi-bin/tags/get")).toBe(0);
  });
});

describe("an installation", () => {
  const suite = { suiteId: "ww4asffe99e54c0f4c", secret: "suite-secret", ...messageKeys };

  test.each([false, true])(
    "is redeemed once, by the corp's encrypted id (developed for the corp: %s)",
    async (isDevelopedFor) => {
      const simulator = createSimulator({
        clock: manualClock(),
        random: seededRandom(1),
        suites: [{ ...suite, isDevelopedFor }],
      });
      simulator.suites.pushTicket(suite.suiteId);
      const ticket =
        simulator.context.spaces.of(suite.suiteId, "suite-ticket")[0]?.newest?.text ?? "";
      const tokenBody = {
        suite_id: suite.suiteId,
        suite_secret: suite.secret,
        suite_ticket: ticket,
      };
      const { suite_access_token: token } = await json(
        simulator.fetch(`${work}/cgi-bin/service/get_suite_token`, post(tokenBody)),
      );
      const service = (name: string, body: object): Promise<Record<string, unknown>> =>
        json(
          simulator.fetch(
            `${work}/cgi-bin/service/${name}?suite_access_token=${String(token)}`,
            post(body),
          ),
        );
      const code = simulator.suites.authorize(suite.suiteId, corp.corpId);
      const first = await service("get_permanent_code", { auth_code: code });
      const corpId = encryptedCorpId(corp.corpId, suite.suiteId);
      expect(corpId).toMatch(/^wp[\w-]{30}$/);
      expect(first).toMatchObject({ errcode: 0, auth_corp_info: { corpid: corpId } });
      expect("access_token" in first).toBe(!isDevelopedFor);
      expect(await service("get_permanent_code", { auth_code: code })).toMatchObject({
        errcode: 40078,
      });
      const permanentCode = String(first["permanent_code"]);
      const known = { auth_corpid: corpId, permanent_code: permanentCode };
      expect(await service("get_auth_info", known)).toMatchObject({
        errcode: 0,
        auth_info: { agent: [{ agentid: 1_000_002 }] },
      });
      expect(await service("get_auth_info", { ...known, permanent_code: "no" })).toMatchObject({
        errcode: 40084,
      });
      const own = await json(
        simulator.fetch(`${work}/cgi-bin/gettoken?corpid=${corpId}&corpsecret=${permanentCode}`),
      );
      expect(own["errcode"]).toBe(isDevelopedFor ? 0 : 40013);
    },
  );

  test("names what is missing from a request for the suite's token", async () => {
    const simulator = createSimulator({
      clock: manualClock(),
      random: seededRandom(1),
      suites: [suite],
    });
    const whole = {
      suite_id: suite.suiteId,
      suite_secret: suite.secret,
      suite_ticket: "no-such-ticket",
    };
    const codeOf = async (change: object): Promise<unknown> =>
      (
        await json(
          simulator.fetch(`${work}/cgi-bin/service/get_suite_token`, post({ ...whole, ...change })),
        )
      )["errcode"];
    expect(await codeOf({ suite_id: "" })).toBe(41021);
    expect(await codeOf({ suite_ticket: "" })).toBe(41023);
    expect(await codeOf({ suite_secret: "" })).toBe(41024);
    expect(await codeOf({ suite_secret: "wrong" })).toBe(40080);
    expect(await codeOf({ suite_id: "wrong" })).toBe(40083);
    expect(await codeOf({})).toBe(40085);
  });
});

describe("chaos", () => {
  test("is repeated by its seed, affects the given share of requests, and draws every kind of fault", () => {
    const subject = {
      endpoint: "/cgi-bin/token",
      method: "GET",
      query: new URLSearchParams(),
      caller: "",
      ordinal: 1,
    };
    const drawn = (rate: number): readonly unknown[] => {
      const source = chaos({ random: seededRandom(3), rate });
      return Array.from({ length: 2_000 }, () => source(subject)).filter(
        (fault) => fault !== undefined,
      );
    };
    const shown = (faults: readonly unknown[]): string =>
      JSON.stringify(faults, (_name, value: unknown) =>
        typeof value === "function" ? "made from the true body" : value,
      );
    expect(shown(drawn(0.5))).toBe(shown(drawn(0.5)));
    expect(drawn(0)).toEqual([]);
    expect(drawn(0.5).length).toBeGreaterThan(900);
    for (const { name, draw } of chaosKinds) {
      const kind = draw(subject, seededRandom(1));
      const names = Object.keys(kind);
      const isDrawn = drawn(1).some((fault) => {
        const own = fault as Readonly<Record<string, unknown>>;
        return (
          names.length === Object.keys(own).length &&
          names.every(
            (each) =>
              each.startsWith("delay") ||
              typeof own[each] === "function" ||
              own[each] === kind[each as keyof typeof kind],
          )
        );
      });
      expect(isDrawn, name).toBe(true);
    }
  });

  test("lets one endpoint refuse every token for a limited number of requests", () => {
    const source = chaos({ random: seededRandom(1), rate: 0.05 });
    const codes = Array.from(
      { length: 5_000 },
      () =>
        source({
          endpoint: "/cgi-bin/menu/get",
          method: "GET",
          query: new URLSearchParams(),
          caller: "",
          ordinal: 1,
        })?.errcode,
    );
    const runs = codes.map((code) => (code === 40001 ? "r" : ".")).join("");
    const lengths = [...runs.matchAll(/r+/g)].map(([run]) => run.length);
    expect(lengths.length).toBeGreaterThan(5);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(20);
  });

  test("can change a lifetime or leave out a refresh token", async () => {
    const draw = (name: string, endpoint: string, text: string): unknown => {
      const subject = { endpoint, method: "POST", query: new URLSearchParams(), caller: "" };
      const kind = chaosKinds.find((each) => each.name === name);
      const { body } = kind?.draw({ ...subject, ordinal: 1 }, seededRandom(1)) ?? {};
      return typeof body === "function" ? body(text) : body;
    };
    expect(
      draw("odd lifetime", "/cgi-bin/token", '{"access_token":"t","expires_in":7200}'),
    ).not.toContain("7200}");
    const rows = '{"list":[{"authorizer_appid":"wx1","refresh_token":"r"}]}';
    expect(draw("no refresh token", "/cgi-bin/component/api_get_authorizer_list", rows)).toBe(
      rows.replace('"r"', '""'),
    );
    expect(draw("no refresh token", "/cgi-bin/token", rows)).toBeUndefined();
  });

  test("can put control characters into an answer, and can refuse a tunnel before processing", async () => {
    const { simulator } = network();
    simulator.faults.next({ body: "control-characters" });
    const text = await (await simulator.fetch(`${host}/cgi-bin/menu/get`)).text();
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(text).toContain('"nickname":"a\u0007b');
    const seq = simulator.log.seq;
    simulator.faults.next({ refuseConnect: 502 });
    await expect(simulator.fetch(`${host}/cgi-bin/menu/get`)).rejects.toMatchObject({
      cause: { code: "UND_ERR_ABORTED" },
    });
    expect(simulator.log.seq).toBe(seq);
  });
});
