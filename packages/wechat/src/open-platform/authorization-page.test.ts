import { expect, test } from "vitest";
import { authorizationPageUrl } from "./authorization-page.ts";
import { componentAppId, platformWorld, tenantAppId } from "./platform-world.fixture.ts";

const redirectUrl = "https://example.com/authorised?shop=1&b=2";

test("the page with a QR code is the documented one, with the whole address in its query", () => {
  const url = new URL(
    authorizationPageUrl(componentAppId, "preauthcode@@@a", {
      redirectUrl,
      authType: 3,
      categoryIds: [99, 31],
    }),
  );
  expect(`${url.origin}${url.pathname}${url.hash}`).toBe(
    "https://mp.weixin.qq.com/cgi-bin/componentloginpage",
  );
  expect(Object.fromEntries(url.searchParams)).toEqual({
    component_appid: componentAppId,
    pre_auth_code: "preauthcode@@@a",
    redirect_uri: redirectUrl,
    auth_type: "3",
    category_id_list: "99|31",
  });
});

test("the page within WeChat is the documented one", () => {
  const url = new URL(
    authorizationPageUrl(componentAppId, "a", {
      redirectUrl,
      device: "mobile",
      appId: tenantAppId,
    }),
  );
  expect(`${url.origin}${url.pathname}${url.hash}`).toBe(
    "https://open.weixin.qq.com/wxaopen/safe/bindcomponent#wechat_redirect",
  );
  expect(Object.fromEntries(url.searchParams)).toEqual({
    action: "bindcomponent",
    no_scan: "1",
    component_appid: componentAppId,
    pre_auth_code: "a",
    redirect_uri: redirectUrl,
    biz_appid: tenantAppId,
  });
});

test("a platform makes a page with a new code, and refuses invalid options", async () => {
  const world = platformWorld();
  const node = world.node("a");
  await world.pushTo(node);
  const { url, expiresInMs } = await world.during(node.authorizationPage({ redirectUrl }));
  expect([new URL(url).searchParams.get("pre_auth_code")?.length ?? 0, expiresInMs]).toEqual([
    expect.any(Number),
    1_800_000,
  ]);
  expect(new URL(url).searchParams.get("pre_auth_code")).not.toBe("");
  const codes = world.simulator.log.entries({
    endpoint: "/cgi-bin/component/api_create_preauthcode",
  }).length;
  for (const page of [
    { redirectUrl: "/authorised" },
    { redirectUrl: "javascript:a" },
    { redirectUrl, authType: 1 as const, appId: tenantAppId },
  ])
    await expect(node.authorizationPage(page)).rejects.toMatchObject({ code: "CONFIGURATION" });
  expect(
    world.simulator.log.entries({ endpoint: "/cgi-bin/component/api_create_preauthcode" }),
  ).toHaveLength(codes);
  await world.close();
});
