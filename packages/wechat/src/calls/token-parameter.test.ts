import { describe, expect, test } from "vitest";
import { createApi } from "./api.ts";
import { fakeCredential, tokenOf } from "./fake-credential.fixture.ts";
import { scriptedFetch } from "../transport/scripted-fetch.fixture.ts";
import {
  accountParameter,
  componentParameter,
  providerParameter,
  suiteParameter,
} from "./token-parameter.ts";

test.each([
  [accountParameter, "/cgi-bin/user/info", "access_token"],
  [accountParameter, "/cgi-bin/token", undefined],
  [accountParameter, "/cgi-bin/component/api_query_auth", undefined],
  [accountParameter, "/sns/jscode2session", undefined],
  [componentParameter, "/cgi-bin/component/api_query_auth", "component_access_token"],
  [componentParameter, "/sns/component/jscode2session", "component_access_token"],
  [componentParameter, "/cgi-bin/component/api_component_token", undefined],
  [componentParameter, "/cgi-bin/component/api_start_push_ticket", undefined],
  [componentParameter, "/wxa/gettemplatelist", "access_token"],
  [accountParameter, "/cgi-bin/component/setprivacysetting", "access_token"],
  [accountParameter, "/cgi-bin/component/getprivacysetting", "access_token"],
  [accountParameter, "/cgi-bin/component/uploadprivacyextfile", "access_token"],
  [componentParameter, "/cgi-bin/component/setprivacysetting", undefined],
  [componentParameter, "/cgi-bin/component/modify_wxa_server_domain", "access_token"],
  [componentParameter, "/cgi-bin/component/modify_wxa_jump_domain", "access_token"],
  [componentParameter, "/cgi-bin/component/get_domain_confirmfile", "access_token"],
  [componentParameter, "/cgi-bin/component/clear_quota/v2", undefined],
  [componentParameter, "/wxa/component/fastregisterpersonalweapp", "component_access_token"],
  [accountParameter, "/cgi-bin/component/modify_wxa_server_domain", undefined],
  [providerParameter, "/cgi-bin/service/corpid_to_opencorpid", "provider_access_token"],
  [providerParameter, "/cgi-bin/service/get_corp_token", undefined],
  [providerParameter, "/cgi-bin/license/create_new_order", "provider_access_token"],
  [providerParameter, "/cgi-bin/license/get_app_license_info", "provider_access_token"],
  [providerParameter, "/cgi-bin/service/get_register_info", "provider_access_token"],
  [
    providerParameter,
    "/cgi-bin/service/externalcontact/finish_external_userid_migration",
    "provider_access_token",
  ],
  [providerParameter, "/cgi-bin/message/send", undefined],
  [suiteParameter, "/cgi-bin/service/corpid_to_opencorpid", undefined],
  [suiteParameter, "/cgi-bin/service/get_pre_auth_code", "suite_access_token"],
  [suiteParameter, "/cgi-bin/service/get_suite_token", undefined],
  [suiteParameter, "/cgi-bin/message/send", undefined],
] as const)("%o sends a call to %s with its token in %s", (parameter, path, name) => {
  expect(parameter(path)).toBe(name);
});

describe("a client for a component's token", () => {
  test("sends it in the parameter of each path, and does not change a URL that has a token of any kind", async () => {
    const fetch = scriptedFetch({ errcode: 0 });
    const api = createApi(fakeCredential(), { fetch, tokenParameter: componentParameter });
    await api.request("/cgi-bin/component/api_query_auth", { json: {} });
    await api.request("/wxa/gettemplatelist");
    await api.fetch(
      "https://api.weixin.qq.com/cgi-bin/component/api_query_auth?suite_access_token=own",
    );
    expect(fetch.sent.map(({ url }) => url.search)).toEqual([
      `?component_access_token=${tokenOf(1)}`,
      `?access_token=${tokenOf(1)}`,
      "?suite_access_token=own",
    ]);
  });

  test.each([40001, 42001, 42006])(
    "replaces it when it is refused with %d, and sends the call again once",
    async (errcode) => {
      const fetch = scriptedFetch({ errcode }, { errcode: 0, fine: true });
      const credential = fakeCredential();
      const api = createApi(credential, { fetch, tokenParameter: componentParameter });
      await expect(
        api.request("/cgi-bin/component/api_create_preauthcode", { json: {} }),
      ).resolves.toMatchObject({ fine: true });
      expect(credential.calls).toEqual(["get", `reject ${tokenOf(1)} ${errcode}`]);
    },
  );
});
