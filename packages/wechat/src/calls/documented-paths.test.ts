/**
 * Calls every path that the platforms' pages document once, with the client whose token it takes.
 */
import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import { credential } from "@lingpai/core";
import { manualClock, seededRandom } from "@lingpai/core/testing";
import { createSimulator, documentedPaths } from "@lingpai/wechat-simulator";
import type { DocumentedPath, Holder } from "@lingpai/wechat-simulator";
import { expect, test } from "vitest";
import { createApi } from "./api.ts";
import type { Api } from "./api.ts";
import { openPlatform } from "../open-platform/open-platform.ts";
import { providerToken } from "../wecom/suite-token.ts";
import { exceptionalPaths, ownTokenPaths } from "./token-paths.ts";
import { wecomSuite } from "../wecom/wecom-suite.ts";
import { wecom } from "../wecom/wecom.ts";
import { wechat } from "../account/wechat.ts";

const account = { appId: "wx0123456789abcdef", secret: "0123456789abcdef0123456789abcdef" };
const component = { appId: "wxc0ffee0123456789", secret: account.secret };
const keys = {
  messageToken: "a-token",
  encodingAesKey: "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
};
const corpId = "ww0123456789abcdef";
const app = { agentId: "1000002", secret: "kP3-app_secret_of_a_corp_that_is_43_chars_x" };
const suiteId = "ww4asffe99e54c0f4c";
const provider = { corpId, secret: "provider-secret-0123456789" };

test("every documented path answers the client whose token it takes, with errcode 0 or a picture", async () => {
  const [clock, random] = [manualClock(), seededRandom(1)];
  const messages = { token: keys.messageToken, encodingAesKey: keys.encodingAesKey };
  const simulator = createSimulator({
    clock,
    random,
    accounts: [account],
    components: [{ ...component, ...messages }],
    corps: [{ corpId, apps: [app] }],
    suites: [{ suiteId, secret: app.secret, ...messages }],
    provider,
  });
  const store = memoryStore({ clock });
  const stores = { cache: memoryCache(store, { clock }), lock: memoryLock(store, { clock }) };
  const shared = { ...stores, environment: "prod", clock, random, fetch: simulator.fetch };
  const platform = openPlatform({
    ...shared,
    ...keys,
    componentAppId: component.appId,
    secret: component.secret,
  });
  const suite = wecomSuite({ ...shared, ...keys, suiteId, secret: app.secret });
  await platform.handlePush(simulator.openPlatform.pushTicket(component.appId));
  await suite.handlePush(simulator.suites.pushTicket(suiteId));
  const clients: Readonly<
    Record<DocumentedPath["host"], Partial<Record<Holder, Pick<Api, "request" | "fetch">>>>
  > = {
    wechat: {
      account: wechat({ ...shared, ...account }),
      component: createApi(platform.credential, shared),
    },
    wecom: {
      account: wecom({ ...shared, corpId, app: app.agentId, secret: app.secret }),
      suite: createApi(suite.credential, shared),
      provider: createApi(
        credential({
          ...stores,
          environment: "prod",
          clock,
          random,
          issuer: providerToken({ ...shared, ...provider }),
        }),
        shared,
      ),
    },
  };
  const wrong: unknown[] = [];
  for (const { host, holder, method, path } of documentedPaths) {
    const client = clients[host][holder];
    const origin = host === "wechat" ? "https://api.weixin.qq.com" : "https://qyapi.weixin.qq.com";
    const init =
      method === "GET" ? { method } : { method: "POST", body: JSON.stringify({ touser: "o1" }) };
    const answered = client?.fetch(`${origin}${path}?openid=o1`, init).then(async (response) => {
      const isPicture = response.headers.get("content-type") === "image/jpeg";
      return isPicture ? { errcode: 0 } : ((await response.json()) as { errcode?: number });
    });
    await clock.advance(1000);
    // The oldest paths answer without an errcode.
    const { errcode = 0 } = (await answered) ?? { errcode: "no client" };
    if (errcode !== 0) wrong.push({ host, holder, path, errcode });
  }
  expect(wrong).toEqual([]);
  expect(documentedPaths.length).toBeGreaterThan(400);
});

test("every row of the path tables has its page, and its date of a check is not before that of its compilation", () => {
  const rows: readonly { source: string; compiled: string; checked?: string }[] = [
    ...documentedPaths,
    ...exceptionalPaths.values(),
    ...ownTokenPaths,
  ];
  for (const { source, compiled, checked = compiled } of rows) {
    expect(source).toMatch(
      /^((developers|mp|open|iot)\.weixin\.qq\.com|developer\.work\.weixin\.qq\.com)\/\S+$|^observed: /,
    );
    expect([compiled, checked].join()).toMatch(/^(20\d\d-\d\d-\d\d,?){2}$/);
    expect(checked >= compiled).toBe(true);
  }
});
