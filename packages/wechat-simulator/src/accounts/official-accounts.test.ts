import { describe, expect, test } from "vitest";
import { createPlatform } from "../platform/platform.ts";
import {
  appId,
  credentials,
  dayMs,
  errorOf,
  hourMs,
  minuteMs,
  secret,
  tokenOf,
  world,
} from "../world.fixture.ts";

describe("the plain token", () => {
  test("is new at each fetch, lives 7200 s, and is at home in 512 characters", () => {
    const { platform, plain } = world(300_000);
    const answer = platform.official.issuePlain(credentials);
    expect(answer.body).toMatchObject({ expires_in: 7200 });
    const token = tokenOf(answer);
    expect(token).toMatch(/^\d\d_[\w-]{132}$/);
    expect(plain()).not.toBe(token);
  });

  test("is dead at once when another is fetched and there is no overlap", () => {
    const { plain, call } = world(0);
    const first = plain();
    const second = plain();
    expect([call(first), call(second)]).toEqual([40001, 0]);
  });

  test("works on for five minutes, to the millisecond, when another is fetched and there is an overlap", async () => {
    const { clock, plain, call } = world(300_000);
    const first = plain();
    const second = plain();
    await clock.advance(299_999);
    expect([call(first), call(second)]).toEqual([0, 0]);
    await clock.advance(1);
    expect([call(first), call(second)]).toEqual([40001, 0]);
  });

  test("is dead at once when two more are fetched within the overlap: only the newest two are ever alive", async () => {
    const { clock, plain, call } = world(300_000);
    const first = plain();
    const second = plain();
    await clock.advance(1000);
    const third = plain();
    expect([call(first), call(second), call(third)]).toEqual([40001, 0, 0]);
  });

  test("expires at 7200 s with a code of its own", async () => {
    const { clock, plain, call } = world(300_000);
    const token = plain();
    await clock.advance(2 * hourMs - 1);
    expect(call(token)).toBe(0);
    await clock.advance(1);
    expect(call(token)).toBe(42001);
  });

  test("that expires within the overlap is expired, and one that was superseded before stays superseded", async () => {
    const { clock, plain, call } = world(300_000);
    const first = plain();
    await clock.advance(hourMs);
    const second = plain();
    await clock.advance(2 * hourMs - minuteMs);
    plain();
    await clock.advance(minuteMs);
    expect([call(first), call(second)]).toEqual([40001, 42001]);
  });

  test("that ended more than a day ago is unknown, which looks like superseded", async () => {
    const { clock, plain, call, platform } = world(0);
    const token = plain();
    await clock.advance(2 * dayMs);
    plain();
    expect(platform.operator.inspect(token)).toBeUndefined();
    expect(call(token)).toBe(40001);
  });

  test("of one AppID knows nothing of another's", () => {
    const { platform, plain, call } = world(0);
    platform.official.accounts.add({ appId: "wxother", secret: "s" });
    const token = plain();
    platform.official.issuePlain({ appId: "wxother", secret: "s" });
    expect(call(token)).toBe(0);
  });
});

describe("a fetch of the plain token", () => {
  test.each([
    [{ appId: "", secret }, /^41002 appid missing rid: /],
    [{ appId, secret: "" }, /^41004 appsecret missing rid: /],
    [
      { appId: "wxnobody", secret },
      /^40013 invalid appid rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/,
    ],
    [{ appId, secret: "wrong" }, /^40125 invalid appsecret rid: /],
  ])("%j is refused with %s", (request, expected) => {
    const { platform } = world(0);
    expect(errorOf(platform.official.issuePlain(request))).toMatch(expected);
  });

  test("with a wrong secret may be refused with 40001, whose text is shorter than a dead token's", () => {
    const { platform } = world(0, { wrongSecretCode: 40001 });
    expect(errorOf(platform.official.issuePlain({ appId, secret: "wrong" }))).toMatch(
      /^40001 invalid credential rid: /,
    );
  });

  test("carries the time of the request in the first group of its rid", () => {
    const { platform, clock } = world(0);
    const [, seconds] =
      /rid: ([0-9a-f]{8})/.exec(
        errorOf(platform.official.issuePlain({ appId, secret: "wrong" })),
      ) ?? [];
    expect(Number.parseInt(seconds ?? "", 16)).toBe(clock.wallMs() / 1000);
  });

  test("from an address outside the list is refused by that address, and issues nothing", () => {
    const { platform, plain, call } = world(0, { allowIps: ["10.0.0.1", "127.0.0.1"] });
    const token = plain();
    const refused = platform.official.issuePlain({ ...credentials, ip: "1.2.3.4" });
    expect(errorOf(refused)).toMatch(
      /^40164 invalid ip 1\.2\.3\.4 ipv6 ::ffff:1\.2\.3\.4, not in whitelist rid: /,
    );
    expect(call(token)).toBe(0);
  });

  test("past 2000 a day is refused until midnight in Shanghai", async () => {
    const { platform, clock, plain } = world(0);
    for (let fetch = 0; fetch < 2000; fetch += 1) plain();
    expect(errorOf(platform.official.issuePlain(credentials))).toMatch(
      /^45009 reach max api daily quota limit rid: /,
    );
    await clock.advance(16 * hourMs - 1);
    expect(errorOf(platform.official.issuePlain(credentials))).toMatch(/^45009/);
    await clock.advance(1);
    expect(errorOf(platform.official.issuePlain(credentials))).toBe("ok");
  });

  test("of a test account is refused past 200 a day", () => {
    const { platform, plain } = world(0, { testAccount: true });
    for (let fetch = 0; fetch < 200; fetch += 1) plain();
    expect(errorOf(platform.official.issuePlain(credentials))).toMatch(/^45009/);
  });

  test("past a minute limit is refused until the next minute", async () => {
    const { platform, clock, plain } = world(0, { limits: { "/cgi-bin/token": { perMinute: 2 } } });
    plain();
    plain();
    expect(errorOf(platform.official.issuePlain(credentials))).toMatch(
      /^45011 api minute-quota reach limit, must slower, retry next minute rid: /,
    );
    await clock.advance(minuteMs);
    expect(errorOf(platform.official.issuePlain(credentials))).toBe("ok");
  });

  test("that is refused costs no quota and leaves the live token alone", () => {
    const { platform, plain, call } = world(0, { limits: { "/cgi-bin/token": { perDay: 2 } } });
    const token = plain();
    for (let attempt = 0; attempt < 5; attempt += 1)
      platform.official.issuePlain({ appId, secret: "wrong" });
    expect(call(token)).toBe(0);
    expect(errorOf(platform.official.issuePlain(credentials))).toBe("ok");
  });
});

describe("a frozen or rotated secret", () => {
  test("frozen: fetches are refused with 40243, live tokens go on", () => {
    const { platform, plain, call } = world(0);
    const token = plain();
    platform.operator.freeze(appId);
    expect(errorOf(platform.official.issuePlain(credentials))).toMatch(/^40243 /);
    expect(call(token)).toBe(0);
    platform.operator.unfreeze(appId);
    expect(errorOf(platform.official.issuePlain(credentials))).toBe("ok");
  });

  test("rotated: the new secret works at once, the old one for as long as the operator grants", async () => {
    const { platform, clock, plain, call } = world(300_000);
    const token = plain();
    platform.operator.rotateSecret(appId, "new", { graceMs: 1000 });
    expect(call(token)).toBe(0);
    expect(errorOf(platform.official.issuePlain({ appId, secret: "new" }))).toBe("ok");
    expect(errorOf(platform.official.issuePlain(credentials))).toBe("ok");
    await clock.advance(1000);
    expect(errorOf(platform.official.issuePlain(credentials))).toMatch(/^40125/);
  });
});

describe("clearing the quota", () => {
  test("gives the day back without a token, ten times a month, then is refused with 48006 until the month ends in Shanghai", async () => {
    const { platform, clock, plain } = world(0, { limits: { "/cgi-bin/token": { perDay: 1 } } });
    for (let clear = 0; clear < 10; clear += 1) {
      plain();
      expect(errorOf(platform.official.clearQuota(credentials))).toBe("ok");
    }
    expect(errorOf(platform.official.clearQuota(credentials))).toMatch(/^48006 /);
    await clock.advance(31 * dayMs - 8 * hourMs - 1);
    expect(errorOf(platform.official.clearQuota(credentials))).toMatch(/^48006 /);
    await clock.advance(1);
    expect(errorOf(platform.official.clearQuota(credentials))).toBe("ok");
  });

  test("needs the secret", () => {
    const { platform } = world(0);
    expect(errorOf(platform.official.clearQuota({ appId, secret: "wrong" }))).toMatch(/^40125/);
  });
});

test("an AppID that is given twice is a mistake in the test, and named", () => {
  expect(() => createPlatform({ accounts: [credentials, credentials] })).toThrow(
    /wx0123456789abcdef exists already/,
  );
});
