import { manualClock, seededRandom } from "@lingpai/core/testing";
import { expect, test } from "vitest";
import type { Platform } from "./platform.ts";
import { createPlatform } from "./platform.ts";

const credentials = { appId: "wx0123456789abcdef", secret: "0123456789abcdef0123456789abcdef" };
const { appId } = credentials;

function platformWith(overlapMs: number): Platform {
  return createPlatform({
    clock: manualClock(),
    random: seededRandom(1),
    overlapMs,
    accounts: [credentials],
  });
}

function issue(platform: Platform): string {
  const answer = platform.official.issuePlain(credentials);
  return answer.ok ? answer.body.access_token : "";
}

test.each([
  [0, 1],
  [300_000, 2],
])(
  "with an overlap of %i ms, other environments kill the fleet's token by %i logged fetches",
  (overlapMs, fetches) => {
    const platform = platformWith(overlapMs);
    const token = issue(platform);
    expect(platform.operator.kill(appId, { caller: "staging" })).toBe(fetches);
    expect(platform.operator.inspect(token)).toMatchObject({
      id: "T1",
      alive: false,
      endCause: "superseded",
    });
    expect(platform.log.issues(appId).map(({ caller }) => caller)).toEqual([
      "",
      ...Array.from({ length: fetches }, () => "staging"),
    ]);
  },
);

test("killing fetches nothing if no token is alive", () => {
  const platform = platformWith(0);
  expect(platform.operator.kill(appId)).toBe(0);
  expect(platform.log.fetches()).toEqual([]);
});

test("the stable token is killed without touching the plain one", () => {
  const platform = platformWith(0);
  issue(platform);
  platform.official.issueStable(credentials);
  expect(platform.operator.kill(appId, { kind: "stable" })).toBe(1);
  expect(platform.operator.liveTokenIds(appId)).toEqual(["T1"]);
  expect(platform.operator.liveTokenIds(appId, "stable")).toEqual(["T3"]);
});

test("a foreign fetch counts towards the shared quota", () => {
  const platform = platformWith(0);
  platform.operator.setQuota(appId, "/cgi-bin/token", { perDay: 1 });
  platform.operator.foreignIssue(appId);
  expect(platform.official.issuePlain(credentials).body).toMatchObject({ errcode: 45009 });
});

test("a token that the operator expires is refused as expired, and a revoked one as invalid", () => {
  const platform = platformWith(0);
  const first = issue(platform);
  platform.operator.expireNow(appId);
  const second = issue(platform);
  platform.operator.revoke(appId);
  const codes = [first, second].map(
    (accessToken) => platform.calls.call({ endpoint: "/x", accessToken }).body.errcode,
  );
  expect(codes).toEqual([42001, 40001]);
});

test("the allow-list can be set and lifted", () => {
  const platform = platformWith(0);
  platform.operator.setAllowList(appId, ["10.0.0.1"]);
  expect(platform.official.issuePlain(credentials).body).toMatchObject({ errcode: 40164 });
  expect(platform.official.issuePlain({ ...credentials, ip: "10.0.0.1" }).ok).toBe(true);
  platform.operator.setAllowList(appId, undefined);
  expect(platform.official.issuePlain(credentials).ok).toBe(true);
});

test("live tokens are listed oldest first, without their text", () => {
  const platform = platformWith(300_000);
  const texts = [issue(platform), issue(platform), issue(platform)];
  expect(platform.operator.liveTokenIds(appId)).toEqual(["T2", "T3"]);
  expect(platform.operator.latest(appId)).toMatchObject({ id: "T3", alive: true });
  const shown = JSON.stringify([platform.operator.liveTokens(appId), platform.log.entries()]);
  for (const text of texts) expect(shown).not.toContain(text);
});

test("acts are logged, and an unknown AppID is rejected by name", () => {
  const platform = platformWith(0);
  platform.operator.freeze(appId);
  expect(platform.log.entries({ kind: "act" })).toMatchObject([
    { endpoint: "freeze", appId, caller: "operator" },
  ]);
  expect(() => platform.operator.freeze("wxnobody")).toThrow(/no account wxnobody/);
});
