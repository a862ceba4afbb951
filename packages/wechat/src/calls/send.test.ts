import type { Rejection } from "@lingpai/core";
import { manualClock } from "@lingpai/core/testing";
import { describe, expect, test } from "vitest";
import { createApi } from "./api.ts";
import { fakeCredential, tokenOf } from "./fake-credential.fixture.ts";
import { scriptedFetch, type Scripted } from "../transport/scripted-fetch.fixture.ts";

const dead = { errcode: 40001, errmsg: "invalid credential" };
const ok = { errcode: 0, errmsg: "ok", total: 3 };
const path = "/cgi-bin/user/info";

/** A client whose every token is refused, and the tokens that it has sent. */
function client(
  answers: readonly Scripted[],
  wasReplaced: boolean,
): { ask: () => Promise<unknown>; sent: () => (string | null)[] } {
  const fetch = scriptedFetch(...answers);
  const onReject = (replace: () => Rejection): Rejection =>
    ({ ...replace(), wasReplaced }) as Rejection;
  const api = createApi(fakeCredential({ onReject }), { fetch, clock: manualClock() });
  return {
    ask: () => api.request(path),
    sent: () => fetch.sent.map(({ url }) => url.searchParams.get("access_token")),
  };
}

describe("a call that is refused a second time", () => {
  test("is sent a third time when the fleet itself had replaced the token by then, and its caller sees no error", async () => {
    const { ask, sent } = client([dead, dead, ok], true);
    await expect(ask()).resolves.toEqual(ok);
    expect(sent()).toEqual([tokenOf(1), tokenOf(2), tokenOf(3)]);
  });

  test("is not sent again when its token was replaced only because of it", async () => {
    const { ask, sent } = client([dead, dead, ok], false);
    await expect(ask()).rejects.toMatchObject({ errcode: 40001 });
    expect(sent()).toEqual([tokenOf(1), tokenOf(2)]);
  });

  test("is never sent a fourth time, however often the fleet replaces the token", async () => {
    const { ask, sent } = client([dead, dead, dead, ok], true);
    await expect(ask()).rejects.toMatchObject({ errcode: 40001 });
    expect(sent()).toHaveLength(3);
  });
});
