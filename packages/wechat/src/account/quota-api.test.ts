import type { Credential } from "@lingpai/core";
import { manualClock } from "@lingpai/core/testing";
import { describe, expect, test } from "vitest";
import { secretSource } from "../tokens/secret-source.ts";
import { createPlatform } from "../transport/platform.ts";
import { scriptedFetch } from "../transport/scripted-fetch.fixture.ts";
import { quotaApi } from "./quota-api.ts";

const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";
const quota = { daily_limit: 2000, used: 5, remain: 1995 };

function world(answer: object) {
  const reconciled: unknown[] = [];
  const credential = {
    reconcileQuota: async (counted: unknown) => void reconciled.push(counted),
  } as Pick<Credential, "reconcileQuota"> as Credential;
  const fetch = scriptedFetch(answer);
  const api = quotaApi({
    appId: "wx0123456789abcdef",
    tokenPath: "/cgi-bin/token",
    credential,
    api: { request: async <T>() => answer as T },
    platform: createPlatform({ fetch, clock: manualClock() }),
    secrets: secretSource("wechat:plain:wx0123456789abcdef", secret),
  });
  return { api, fetch, reconciled };
}

describe("reconciling", () => {
  test("passes the platform's count to the fleet", async () => {
    const { api, reconciled } = world({ quota });
    const counted = { perDay: 2000, used: 5, remaining: 1995 };
    await expect(api.reconcileQuota()).resolves.toEqual(counted);
    expect(reconciled).toEqual([counted]);
  });

  test.each([
    [undefined, "daily_limit"],
    [null, "daily_limit"],
    ["quota", "daily_limit"],
    [{ ...quota, used: "5" }, "used"],
    [{ ...quota, used: -1 }, "used"],
    [{ ...quota, used: 1.5 }, "used"],
    [{ ...quota, remain: undefined }, "remain"],
  ])("refuses the answer %j, and does not change the ledger", async (given, name) => {
    const { api, reconciled } = world({ quota: given });
    await expect(api.reconcileQuota()).rejects.toThrow(`its quota has no ${name}`);
    expect(reconciled).toEqual([]);
  });

  test("accepts 0", async () => {
    const { api } = world({ quota: { daily_limit: 0, used: 0, remain: 0 } });
    await expect(api.reconcileQuota()).resolves.toEqual({ perDay: 0, used: 0, remaining: 0 });
  });
});

describe("clearing", () => {
  test("is refused with the platform's code, classified as a token endpoint's, and without the secret", async () => {
    const { api, fetch } = world({ errcode: 40001, errmsg: `invalid ${secret}` });
    await expect(api.clearQuota()).rejects.toMatchObject({
      action: "stop",
      message: expect.stringMatching(/POST \/cgi-bin\/clear_quota\/v2 .*40001/),
    });
    await expect(api.clearQuota()).rejects.not.toMatchObject({
      message: expect.stringContaining(secret),
    });
    expect(JSON.parse(fetch.sent[0]?.body ?? "")).toEqual({
      appid: "wx0123456789abcdef",
      appsecret: secret,
    });
  });

  test("is refused in the same way if the code comes with an HTTP error status", async () => {
    const refusal = { errcode: 40001, errmsg: `invalid ${secret}` };
    const error: unknown = await world(Response.json(refusal, { status: 400 }))
      .api.clearQuota()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ outcome: "fatal", platformCode: "40001" });
    expect(String(error)).not.toContain(secret);
  });
});
