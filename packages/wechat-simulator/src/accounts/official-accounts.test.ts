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
  test("is new at each fetch, lives 7200 s, and fits into 512 characters", () => {
    const { platform, plain } = world(300_000);
    const answer = platform.official.issuePlain(credentials);
    expect(answer.body).toMatchObject({ expires_in: 7200 });
    const token = tokenOf(answer);
    expect(token).toMatch(/^\d\d_[\w-]{132}$/);
    expect(plain()).not.toBe(token);
  });

  test("dies at once when another is fetched without an overlap", () => {
    const { plain, call } = world(0);
    const first = plain();
    const second = plain();
    expect([call(first), call(second)]).toEqual([40001, 0]);
  });

  test("works for exactly five more minutes when another is fetched with an overlap", async () => {
    const { clock, plain, call } = world(300_000);
    const first = plain();
    const second = plain();
    await clock.advance(299_999);
    expect([call(first), call(second)]).toEqual([0, 0]);
    await clock.advance(1);
    expect([call(first), call(second)]).toEqual([40001, 0]);
  });

  test("dies at once when two more are fetched, because only the newest two can be alive", async () => {
    const { clock, plain, call } = world(300_000);
    const first = plain();
    const second = plain();
    await clock.advance(1000);
    const third = plain();
    expect([call(first), call(second), call(third)]).toEqual([40001, 0, 0]);
  });

  test("expires after 7200 s and is then refused with 42001", async () => {
    const { clock, plain, call } = world(300_000);
    const token = plain();
    await clock.advance(2 * hourMs - 1);
    expect(call(token)).toBe(0);
    await clock.advance(1);
    expect(call(token)).toBe(42001);
  });

  test("is refused with 42001 if it expired within the overlap, and with 40001 if the overlap had ended", async () => {
    const { clock, plain, call } = world(300_000);
    const first = plain();
    await clock.advance(hourMs);
    const second = plain();
    await clock.advance(2 * hourMs - minuteMs);
    plain();
    await clock.advance(minuteMs);
    expect([call(first), call(second)]).toEqual([40001, 42001]);
  });

  test("that ended more than a day ago is refused like a superseded one", async () => {
    const { clock, plain, call, platform } = world(0);
    const token = plain();
    await clock.advance(2 * dayMs);
    plain();
    expect(platform.operator.inspect(token)).toBeUndefined();
    expect(call(token)).toBe(40001);
  });

  test("of one AppID does not affect another AppID's", () => {
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

  test("with a wrong secret can be refused with 40001, in a shorter text than a dead token's", () => {
    const { platform } = world(0, { wrongSecretCode: 40001 });
    expect(errorOf(platform.official.issuePlain({ appId, secret: "wrong" }))).toMatch(
      /^40001 invalid credential rid: /,
    );
  });

  test("that is refused gets a rid that begins with the time of the request", () => {
    const { platform, clock } = world(0);
    const [, seconds] =
      /rid: ([0-9a-f]{8})/.exec(
        errorOf(platform.official.issuePlain({ appId, secret: "wrong" })),
      ) ?? [];
    expect(Number.parseInt(seconds ?? "", 16)).toBe(clock.wallMs() / 1000);
  });

  test("from an address outside the allow-list is refused with that address, and issues nothing", () => {
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

describe("a secret", () => {
  test("that is frozen fetches nothing (40243), and live tokens keep working", () => {
    const { platform, plain, call } = world(0);
    const token = plain();
    platform.operator.freeze(appId);
    expect(errorOf(platform.official.issuePlain(credentials))).toMatch(/^40243 /);
    expect(call(token)).toBe(0);
    platform.operator.unfreeze(appId);
    expect(errorOf(platform.official.issuePlain(credentials))).toBe("ok");
  });

  test("that is new works at once, and the old one as long as the operator allows", async () => {
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
  test("resets the day's counts ten times per Shanghai month, and is then refused with 48006", async () => {
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

test("an AppID that is given twice is rejected by name", () => {
  expect(() => createPlatform({ accounts: [credentials, credentials] })).toThrow(
    /wx0123456789abcdef exists already/,
  );
});
