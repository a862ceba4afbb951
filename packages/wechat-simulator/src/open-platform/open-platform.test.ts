import { manualClock, seededRandom, type ManualClock } from "@lingpai/core/testing";
import { describe, expect, test } from "vitest";
import type { ComponentOptions } from "./component.ts";
import type { AuthorizerTokenBody } from "./open-platform-bodies.ts";
import type { Platform, PlatformOptions } from "../platform/platform.ts";
import { createPlatform } from "../platform/platform.ts";
import {
  bodyOf,
  componentAppId,
  componentSecret,
  errorOf,
  hourMs,
  messageKeys,
  minuteMs,
  ticketIn,
} from "../world.fixture.ts";

const authorizerAppId = "wxauthorizer";

interface World {
  readonly clock: ManualClock;
  readonly platform: Platform;
  /** A live component token, and what goes with it in every request. */
  readonly component: { readonly componentAppId: string; readonly componentAccessToken: string };
}

function world(
  rotateRefreshToken: ComponentOptions["rotateRefreshToken"] = "never",
  options: PlatformOptions = {},
): World {
  const clock = manualClock();
  const components = [
    { appId: componentAppId, secret: componentSecret, rotateRefreshToken, ...messageKeys },
  ];
  const platform = createPlatform({ clock, random: seededRandom(1), components, ...options });
  return {
    clock,
    platform,
    component: { componentAppId, componentAccessToken: componentTokenOf(platform) },
  };
}

function componentTokenOf(platform: Platform): string {
  const ticket = ticketIn(platform.openPlatform.pushTicket(componentAppId));
  return bodyOf(
    platform.openPlatform.issue({ appId: componentAppId, secret: componentSecret, ticket }),
  ).component_access_token;
}

function authorized({ platform, component }: World): AuthorizerTokenBody {
  const { code } = platform.openPlatform.authorize(componentAppId, authorizerAppId);
  return bodyOf(platform.openPlatform.queryAuth({ ...component, code })).authorization_info;
}

function refresh({ platform, component }: World, refreshToken: string): AuthorizerTokenBody {
  return bodyOf(
    platform.openPlatform.authorizerToken({ ...component, authorizerAppId, refreshToken }),
  );
}

function refreshError({ platform, component }: World, refreshToken: string): string {
  return errorOf(
    platform.openPlatform.authorizerToken({ ...component, authorizerAppId, refreshToken }),
  );
}

describe("the component token", () => {
  test("needs the right component, secret and ticket", () => {
    const { platform } = world();
    const request = {
      appId: componentAppId,
      secret: componentSecret,
      ticket: ticketIn(platform.openPlatform.pushTicket(componentAppId)),
    };
    const errors = [
      request,
      { ...request, appId: "" },
      { ...request, appId: "wxnobody" },
      { ...request, secret: "wrong" },
      { ...request, ticket: "wrong" },
    ].map((each) => errorOf(platform.openPlatform.issue(each)).split(" ")[0]);
    expect(errors).toEqual(["ok", "41018", "61011", "40125", "61006"]);
  });

  test("can be fetched with any ticket of the last 12 hours, not only with the newest", async () => {
    const { platform, clock } = world();
    const ticket = ticketIn(platform.openPlatform.pushTicket(componentAppId));
    const issue = (): string =>
      errorOf(
        platform.openPlatform.issue({ appId: componentAppId, secret: componentSecret, ticket }),
      );
    await clock.advance(12 * hourMs - 1);
    platform.openPlatform.pushTicket(componentAppId);
    expect(issue()).toBe("ok");
    await clock.advance(1);
    expect(issue()).toMatch(/^61005 component ticket is expired rid: /);
  });

  test("is superseded by the next one, and refused with 42006 after it expired", async () => {
    const { platform, clock, component } = world("never", { overlapMs: 0 });
    const live = componentTokenOf(platform);
    const preAuth = (componentAccessToken: string): string =>
      errorOf(platform.openPlatform.preAuthCode({ ...component, componentAccessToken }));
    expect(preAuth(component.componentAccessToken)).toMatch(/^40001 /);
    expect(preAuth(live)).toBe("ok");
    await clock.advance(2 * hourMs);
    expect(preAuth(live)).toMatch(/^42006 /);
    expect(preAuth("")).toMatch(/^41001 /);
  });

  test("is refused for another component", () => {
    const { platform, component } = world();
    expect(
      errorOf(platform.openPlatform.preAuthCode({ ...component, componentAppId: "wxother" })),
    ).toMatch(/^61011 /);
  });

  test("is killed by another environment of the same component", () => {
    const { platform, component } = world();
    expect(platform.operator.kill(componentAppId, { kind: "component" })).toBe(2);
    expect(errorOf(platform.openPlatform.preAuthCode(component))).toMatch(/^40001 /);
  });
});

describe("an authorisation", () => {
  test("begins with a pre-auth code that lives half an hour", () => {
    const { platform, component } = world();
    expect(bodyOf(platform.openPlatform.preAuthCode(component))).toEqual({
      pre_auth_code: expect.any(String),
      expires_in: 1800,
    });
  });

  test("is reported by a push, and its code is exchanged for tokens once, within an hour", async () => {
    const { platform, clock, component } = world();
    const { code, push } = platform.openPlatform.authorize(componentAppId, authorizerAppId);
    expect(push).toMatchObject({ infoType: "authorized", appId: componentAppId });
    expect(bodyOf(platform.openPlatform.queryAuth({ ...component, code }))).toEqual({
      authorization_info: {
        authorizer_appid: authorizerAppId,
        authorizer_access_token: expect.any(String),
        expires_in: 7200,
        authorizer_refresh_token: expect.any(String),
        func_info: expect.arrayContaining([{ funcscope_category: { id: 1 } }]),
      },
    });
    expect(errorOf(platform.openPlatform.queryAuth({ ...component, code }))).toMatch(/^61009 /);
    const late = platform.openPlatform.authorize(componentAppId, authorizerAppId);
    expect(late.push.infoType).toBe("updateauthorized");
    await clock.advance(hourMs);
    expect(errorOf(platform.openPlatform.queryAuth({ ...component, code: late.code }))).toMatch(
      /^61010 /,
    );
  });

  test("is listed page by page, with its valid refresh token", () => {
    const at = world("always");
    const { platform, component } = at;
    const { authorizer_refresh_token: first } = authorized(at);
    const { authorizer_refresh_token: second } = refresh(at, first);
    platform.openPlatform.authorize(componentAppId, "wxanother");
    const list = (offset: number, count: number) =>
      bodyOf(platform.openPlatform.authorizerList({ ...component, offset, count }));
    expect(list(0, 1)).toEqual({
      total_count: 2,
      list: [
        {
          authorizer_appid: authorizerAppId,
          refresh_token: second,
          auth_time: Date.UTC(2026, 0, 1) / 1000,
        },
      ],
    });
    expect(list(1, 500).list.map((each) => each.authorizer_appid)).toEqual(["wxanother"]);
  });

  test("that was withdrawn has no live token, and a refresh is refused with 61003", () => {
    const at = world();
    const { authorizer_access_token: accessToken, authorizer_refresh_token: refreshToken } =
      authorized(at);
    expect(at.platform.openPlatform.unauthorize(componentAppId, authorizerAppId).infoType).toBe(
      "unauthorized",
    );
    expect(
      at.platform.calls.call({ endpoint: "/cgi-bin/user/info", accessToken }).body.errcode,
    ).toBe(40001);
    expect(refreshError(at, refreshToken)).toMatch(/^61003 /);
    const again = authorized(at);
    expect(refreshError(at, refreshToken)).toMatch(/^61023 /);
    expect(refreshError(at, again.authorizer_refresh_token)).toBe("ok");
    expect(at.platform.operator.latest(authorizerAppId, "authorizer")).toMatchObject({
      alive: true,
    });
  });

  test("whose account changed its password cannot be refreshed (42007) until it is renewed", () => {
    const at = world();
    const { authorizer_access_token: accessToken, authorizer_refresh_token: refreshToken } =
      authorized(at);
    at.platform.openPlatform.changePassword(componentAppId, authorizerAppId);
    expect(
      at.platform.calls.call({ endpoint: "/cgi-bin/user/info", accessToken }).body.errcode,
    ).toBe(40001);
    expect(refreshError(at, refreshToken)).toMatch(/^42007 /);
    authorized(at);
    expect(refreshError(at, refreshToken)).toBe("ok");
  });
});

describe("an authorizer token", () => {
  test("is accepted and superseded like an access token of that account, also for tickets", () => {
    const at = world("never", { overlapMs: 0 });
    const { authorizer_access_token: first, authorizer_refresh_token: refreshToken } =
      authorized(at);
    const { calls } = at.platform;
    expect(calls.call({ endpoint: "/cgi-bin/user/info", accessToken: first }).body.errcode).toBe(0);
    expect(calls.ticket({ accessToken: first, type: "jsapi" }).body.errcode).toBe(0);
    const { authorizer_access_token: second } = refresh(at, refreshToken);
    const codes = [first, second].map(
      (accessToken) => calls.call({ endpoint: "/cgi-bin/user/info", accessToken }).body.errcode,
    );
    expect(codes).toEqual([40001, 0]);
    expect(
      at.platform.log.issues(authorizerAppId).map(({ endpoint }) => endpoint.split("/").at(-1)),
    ).toEqual(["api_query_auth", "getticket", "api_authorizer_token"]);
  });

  test("needs the account's own refresh token", () => {
    const at = world();
    authorized(at);
    expect(refreshError(at, "wrong")).toMatch(/^61023 refresh_token is invalid rid: /);
    expect(
      errorOf(
        at.platform.openPlatform.authorizerToken({
          ...at.component,
          authorizerAppId: "wxnobody",
          refreshToken: "x",
        }),
      ),
    ).toMatch(/^61003 /);
  });
});

describe("the refresh token", () => {
  test("never changes under `never`, not even by a new authorisation", () => {
    const at = world("never");
    const { authorizer_refresh_token: first } = authorized(at);
    expect(refresh(at, first).authorizer_refresh_token).toBe(first);
    expect(authorized(at).authorizer_refresh_token).toBe(first);
  });

  test("changes by a new authorisation under `on-reauthorise`, and the old one works five minutes more", async () => {
    const at = world("on-reauthorise");
    const { authorizer_refresh_token: first } = authorized(at);
    expect(refresh(at, first).authorizer_refresh_token).toBe(first);
    const { authorizer_refresh_token: second } = authorized(at);
    expect(second).not.toBe(first);
    await at.clock.advance(5 * minuteMs - 1);
    expect(refresh(at, first).authorizer_refresh_token).toBe(second);
    await at.clock.advance(1);
    expect(refreshError(at, first)).toMatch(/^61023 /);
    expect(refreshError(at, second)).toBe("ok");
  });

  test("changes with every access token under `always`, and an old one works only within the grace", async () => {
    const at = world("always");
    const { authorizer_refresh_token: first } = authorized(at);
    const { authorizer_refresh_token: second } = refresh(at, first);
    const { authorizer_refresh_token: third } = refresh(at, first);
    expect(new Set([first, second, third]).size).toBe(3);
    await at.clock.advance(5 * minuteMs);
    expect([first, second, third].map((token) => refreshError(at, token).slice(0, 5))).toEqual([
      "61023",
      "61023",
      "ok",
    ]);
  });

  test("works once if there is no grace", () => {
    const at = world();
    const components = [
      {
        appId: componentAppId,
        secret: componentSecret,
        rotateRefreshToken: "always",
        refreshGraceMs: 0,
        ...messageKeys,
      },
    ] as const;
    const strict = world("always", { components, clock: at.clock });
    const { authorizer_refresh_token: first } = authorized(strict);
    refresh(strict, first);
    expect(refreshError(strict, first)).toMatch(/^61023 /);
  });
});

test("a component or account that the simulator does not know is rejected by name", () => {
  const { platform } = world();
  expect(() => platform.openPlatform.pushTicket("wxnobody")).toThrow(/no component wxnobody/);
  expect(() => platform.openPlatform.changePassword(componentAppId, "wxnobody")).toThrow(
    /wxnobody has not authorised/,
  );
});
