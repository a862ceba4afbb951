import { expect, test } from "vitest";
import {
  componentAppId,
  components,
  componentSecret,
  json,
  messageKeys,
  network,
  post,
  ticketIn,
} from "../world.fixture.ts";

const open = "https://api.weixin.qq.com/cgi-bin/component";
const work = "https://qyapi.weixin.qq.com/cgi-bin";

test("the open platform's endpoints lead from a pushed ticket to an account's refreshed token", async () => {
  const { simulator } = network({ components });
  const ticket = ticketIn(simulator.openPlatform.pushTicket(componentAppId));
  const ask = (name: string, token: string, body: object): Promise<Record<string, unknown>> =>
    json(
      simulator.fetch(
        `${open}/${name}?component_access_token=${token}`,
        post({ component_appid: componentAppId, ...body }),
      ),
    );

  const granted = await ask("api_component_token", "", {
    component_appsecret: componentSecret,
    component_verify_ticket: ticket,
  });
  expect(granted).toEqual({ component_access_token: expect.any(String), expires_in: 7200 });
  const token = String(granted["component_access_token"]);
  expect(await ask("api_create_preauthcode", token, {})).toMatchObject({ expires_in: 1800 });

  const { code } = simulator.openPlatform.authorize(componentAppId, "wxauthorizer");
  const { authorization_info: info } = (await ask("api_query_auth", token, {
    authorization_code: code,
  })) as {
    authorization_info: { authorizer_refresh_token: string };
  };
  const refreshed = await ask("api_authorizer_token", token, {
    authorizer_appid: "wxauthorizer",
    authorizer_refresh_token: info.authorizer_refresh_token,
  });
  expect(refreshed).toEqual({
    authorizer_access_token: expect.any(String),
    expires_in: 7200,
    authorizer_refresh_token: info.authorizer_refresh_token,
  });
  expect(await ask("api_get_authorizer_list", token, { offset: 0, count: 10 })).toMatchObject({
    total_count: 1,
    list: [{ authorizer_appid: "wxauthorizer" }],
  });
  expect(await ask("api_get_authorizer_list", token, { offset: -1, count: "10" })).toMatchObject({
    total_count: 1,
    list: [],
  });
});

test("the component token can be sent under its newer query name", async () => {
  const { simulator } = network({ components });
  const ticket = ticketIn(simulator.openPlatform.pushTicket(componentAppId));
  const answer = simulator.openPlatform.issue({
    appId: componentAppId,
    secret: componentSecret,
    ticket,
  });
  const token = answer.ok ? answer.body.component_access_token : "";
  const url = `${open}/api_create_preauthcode?access_token=${token}`;
  expect(
    await json(simulator.fetch(url, post({ component_appid: componentAppId }))),
  ).toHaveProperty("pre_auth_code");
});

test("WeCom's endpoints issue tokens and tickets, and accept the tokens", async () => {
  const { simulator } = network({
    corps: [{ corpId: "ww1", apps: [{ agentId: "1", secret: "s1" }] }],
  });
  const granted = await json(simulator.fetch(`${work}/gettoken?corpid=ww1&corpsecret=s1`));
  expect(granted).toEqual({
    errcode: 0,
    errmsg: "ok",
    access_token: expect.any(String),
    expires_in: 7200,
  });
  const token = String(granted["access_token"]);
  const answers = await Promise.all([
    json(simulator.fetch(`${work}/get_jsapi_ticket?access_token=${token}`)),
    json(simulator.fetch(`${work}/ticket/get?access_token=${token}&type=agent_config`)),
    json(simulator.fetch(`${work}/message/send?access_token=${token}`, post({ touser: "u1" }))),
    json(simulator.fetch(`${work}/message/send?access_token=wrong`, post({ touser: "u1" }))),
    json(simulator.fetch(`${work}/getcallbackip?access_token=${token}`)),
  ]);
  expect(answers).toMatchObject([
    { errcode: 0, expires_in: 7200, ticket: expect.any(String) },
    { errcode: 0, expires_in: 7200, ticket: expect.any(String) },
    { errcode: 0, msgid: expect.any(String) },
    { errcode: 40014 },
    { ip_list: expect.any(Array) },
  ]);
});

test("the service provider's endpoints issue suite, provider and corp tokens", async () => {
  const suite = { suiteId: "wwsuite", secret: "suite-secret" };
  const { simulator } = network({
    suites: [{ ...suite, ...messageKeys }],
    provider: { corpId: "wwprovider", secret: "provider-secret" },
  });
  const permanentCode = simulator.suites.install(suite.suiteId, "wwcustomer");
  const ticket = ticketIn(simulator.suites.pushTicket(suite.suiteId));
  const service = `${work}/service`;
  const suiteBody = post({
    suite_id: suite.suiteId,
    suite_secret: suite.secret,
    suite_ticket: ticket,
  });
  const { suite_access_token: token } = await json(
    simulator.fetch(`${service}/get_suite_token`, suiteBody),
  );
  const providerBody = post({ corpid: "wwprovider", provider_secret: "provider-secret" });
  expect(await json(simulator.fetch(`${service}/get_provider_token`, providerBody))).toHaveProperty(
    "provider_access_token",
  );
  const corpBody = post({ auth_corpid: "wwcustomer", permanent_code: permanentCode });
  expect(
    await json(
      simulator.fetch(`${service}/get_corp_token?suite_access_token=${String(token)}`, corpBody),
    ),
  ).toMatchObject({
    expires_in: 7200,
  });
});
