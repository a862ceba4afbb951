import { describe, expect, test } from "vitest";
import { appId, host, json, network, post, secret, tokenFrom, tokenUrl } from "../world.fixture.ts";

describe("the endpoints", () => {
  test("/cgi-bin/token answers with WeChat's fields and HTTP 200, even when it refuses", async () => {
    const { simulator } = network();
    const granted = await simulator.fetch(tokenUrl);
    expect(granted.status).toBe(200);
    expect(granted.headers.get("content-type")).toContain("application/json");
    expect(await json(granted)).toEqual({ access_token: expect.any(String), expires_in: 7200 });
    const refused = await simulator.fetch(tokenUrl.replace("client_credential", "password"));
    expect(refused.status).toBe(200);
    expect(await json(refused)).toMatchObject({
      errcode: 40002,
      errmsg: expect.stringMatching(/^invalid grant_type rid: /),
    });
  });

  test("/cgi-bin/stable_token accepts only JSON by POST", async () => {
    const { simulator } = network();
    const url = `${host}/cgi-bin/stable_token`;
    const request = { grant_type: "client_credential", appid: appId, secret };
    const granted = await json(simulator.fetch(url, post(request)));
    expect(await json(simulator.fetch(url, post({ ...request, force_refresh: false })))).toEqual(
      granted,
    );
    expect(await json(simulator.fetch(url, post({ ...request, force_refresh: true })))).not.toEqual(
      granted,
    );
    const refused = [
      json(simulator.fetch(url)),
      json(simulator.fetch(url, { method: "POST" })),
      json(simulator.fetch(url, { method: "POST", body: "grant_type=client_credential" })),
      json(simulator.fetch(url, post([request]))),
      json(simulator.fetch(url, post({ ...request, grant_type: 1 }))),
    ];
    expect((await Promise.all(refused)).map((body) => body["errcode"])).toEqual([
      43002, 44002, 47001, 47001, 40002,
    ]);
  });

  test("the business endpoints accept the live token and refuse the superseded one", async () => {
    const { simulator } = network();
    const dead = await tokenFrom(simulator);
    const live = await tokenFrom(simulator);
    const calls = (token: string): Promise<Record<string, unknown>[]> =>
      Promise.all([
        json(simulator.fetch(`${host}/cgi-bin/getcallbackip?access_token=${token}`)),
        json(simulator.fetch(`${host}/cgi-bin/get_api_domain_ip?access_token=${token}`)),
        json(simulator.fetch(`${host}/cgi-bin/user/info?access_token=${token}&openid=o1`)),
        json(
          simulator.fetch(
            `${host}/cgi-bin/message/custom/send?access_token=${token}`,
            post({ touser: "o1", msgtype: "text" }),
          ),
        ),
        json(
          simulator.fetch(
            `${host}/cgi-bin/openapi/quota/get?access_token=${token}`,
            post({ cgi_path: "/cgi-bin/token" }),
          ),
        ),
      ]);
    expect(await calls(live)).toMatchObject([
      { ip_list: expect.any(Array) },
      { ip_list: expect.any(Array) },
      { openid: "o1", subscribe: 1 },
      { errcode: 0, errmsg: "ok" },
      { errcode: 0, quota: { daily_limit: 2000, used: 2, remain: 1998 } },
    ]);
    expect((await calls(dead)).map((body) => body["errcode"])).toEqual([
      40001, 40001, 40001, 40001, 40001,
    ]);
  });

  test("calls without an openid are refused for that reason", async () => {
    const { simulator } = network();
    const token = await tokenFrom(simulator);
    const bodies = [
      json(simulator.fetch(`${host}/cgi-bin/user/info?access_token=${token}`)),
      json(
        simulator.fetch(
          `${host}/cgi-bin/message/custom/send?access_token=${token}`,
          post({ msgtype: "text" }),
        ),
      ),
    ];
    expect(await Promise.all(bodies)).toMatchObject([{ errcode: 40003 }, { errcode: 40003 }]);
  });

  test("/cgi-bin/ticket/getticket and /cgi-bin/clear_quota/v2 are served", async () => {
    const { simulator } = network();
    const token = await tokenFrom(simulator);
    expect(
      await json(
        simulator.fetch(`${host}/cgi-bin/ticket/getticket?access_token=${token}&type=jsapi`),
      ),
    ).toMatchObject({
      errcode: 0,
      expires_in: 7200,
    });
    expect(
      await json(
        simulator.fetch(
          `${host}/cgi-bin/clear_quota/v2`,
          post({ appid: appId, appsecret: secret }),
        ),
      ),
    ).toEqual({
      errcode: 0,
      errmsg: "ok",
    });
  });

  test("an undocumented path gets a 404 that says so", async () => {
    const { simulator } = network();
    const response = await simulator.fetch(`${host}/cgi-bin/menu/nobody`);
    expect(response.status).toBe(404);
    expect(await response.text()).toContain("/cgi-bin/menu/nobody");
  });
});
