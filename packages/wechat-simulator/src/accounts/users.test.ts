import { manualClock, seededRandom } from "@lingpai/core/testing";
import { expect, test } from "vitest";
import { createSimulator } from "../simulator.ts";

const appId = "wx0123456789abcdef";
const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";

type Answer = Readonly<Record<string, string | number>>;

function world(): {
  ask(path: string, query: Record<string, string>): Promise<Answer>;
  code(): string;
  pass(ms: number): Promise<void>;
} {
  const clock = manualClock();
  const simulator = createSimulator({
    clock,
    random: seededRandom(1),
    accounts: [{ appId, secret }],
  });
  return {
    ask: async (path, query) => {
      const answer = await simulator.fetch(
        `https://api.weixin.qq.com/sns/${path}?${new URLSearchParams(query)}`,
      );
      return (await answer.json()) as Answer;
    },
    code: () => simulator.users.code(appId, "o1"),
    pass: (ms) => clock.advance(ms),
  };
}

const exchanged = { appid: appId, secret, grant_type: "authorization_code" };
const refreshed = { appid: appId, grant_type: "refresh_token" };

test("a user's code and a refresh token each work once", async () => {
  const { ask, code } = world();
  const given = code();
  const first = await ask("oauth2/access_token", { ...exchanged, code: given });
  expect(first).toMatchObject({ expires_in: 7200, openid: "o1", scope: "snsapi_userinfo" });
  expect(await ask("oauth2/access_token", { ...exchanged, code: given })).toMatchObject({
    errcode: 40163,
  });
  const second = await ask("oauth2/refresh_token", {
    ...refreshed,
    refresh_token: String(first["refresh_token"]),
  });
  expect(second["refresh_token"]).not.toBe(first["refresh_token"]);
  expect(
    await ask("oauth2/refresh_token", {
      ...refreshed,
      refresh_token: String(first["refresh_token"]),
    }),
  ).toMatchObject({
    errcode: 40030,
  });
  for (const { access_token: token } of [first, second])
    expect(await ask("userinfo", { access_token: String(token), openid: "o1" })).toEqual({
      openid: "o1",
    });
});

test("a user's token lives two hours, a refresh token thirty days, and each is valid for one user", async () => {
  const { ask, code, pass } = world();
  const { access_token: token, refresh_token: refreshToken } = await ask("oauth2/access_token", {
    ...exchanged,
    code: code(),
  });
  expect(await ask("auth", { access_token: String(token), openid: "o2" })).toMatchObject({
    errcode: 40003,
  });
  await pass(7_200_000);
  expect(await ask("auth", { access_token: String(token), openid: "o1" })).toMatchObject({
    errcode: 42001,
  });
  await pass(30 * 86_400_000);
  expect(
    await ask("oauth2/refresh_token", { ...refreshed, refresh_token: String(refreshToken) }),
  ).toMatchObject({ errcode: 42002 });
});

test.each([
  ["jscode2session", { ...exchanged, js_code: "unknown" }, 40029],
  ["jscode2session", { ...exchanged, secret: "another", js_code: "a" }, 40125],
  ["jscode2session", { ...exchanged, appid: "wx9999999999999999", js_code: "a" }, 40013],
  ["jscode2session", { ...exchanged, grant_type: "other", js_code: "a" }, 40002],
  ["oauth2/refresh_token", { ...refreshed, refresh_token: "unknown" }, 40030],
  ["userinfo", { access_token: "unknown", openid: "o1" }, 40001],
])("%s with %j is refused with %d", async (path, query, errcode) => {
  expect(await world().ask(path, query)).toMatchObject({ errcode });
});
