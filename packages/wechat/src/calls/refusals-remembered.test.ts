/** A client remembers the paths that refuse tokens which are not at fault. */
import type { Rejection, RejectOptions } from "@lingpai/core";
import { manualClock } from "@lingpai/core/testing";
import { expect, test } from "vitest";
import { createApi } from "./api.ts";
import { fakeCredential } from "./fake-credential.fixture.ts";
import { scriptedFetch } from "../transport/scripted-fetch.fixture.ts";

const dead = { errcode: 40001, errmsg: "invalid credential" };
const ok = { errcode: 0, errmsg: "ok" };
const path = "/cgi-bin/user/info";

/** A client, and for each report of a refused token whether it was marked as doubtful. */
function client(
  answers: readonly object[],
  onReject: (replace: () => Rejection) => Rejection,
): {
  readonly ask: () => Promise<unknown>;
  readonly doubtful: unknown[];
  readonly clock: ReturnType<typeof manualClock>;
} {
  const doubtful: unknown[] = [];
  const clock = manualClock();
  const credential = fakeCredential({
    onReject: (replace, options: RejectOptions) => {
      doubtful.push(options.doubtful);
      return onReject(replace);
    },
  });
  const api = createApi(credential, { fetch: scriptedFetch(...answers), clock });
  return { ask: () => api.request(path).catch(() => "refused"), doubtful, clock };
}

const alive = (): Rejection => ({ replaced: false });

test("a path that refused a live token is reported once a second, as doubtful", async () => {
  const { ask, doubtful, clock } = client([dead], alive);
  await ask();
  await ask();
  expect(doubtful).toEqual([false]);
  await clock.advance(1_000);
  await ask();
  expect(doubtful).toEqual([false, true]);
});

test("a path that accepts a token again is trusted again", async () => {
  const { ask, doubtful, clock } = client([dead, ok, dead], alive);
  await ask();
  await ask();
  await clock.advance(1_000);
  await ask();
  expect(doubtful).toEqual([false, false]);
});

test("a refusal of the replacement is doubtful, and so is the next refusal by that path, at once", async () => {
  const { ask, doubtful } = client([dead], (replace) => ({
    ...replace(),
    wasReplaced: false,
  }));
  await ask();
  expect(doubtful).toEqual([false, true]);
  await ask();
  expect(doubtful).toEqual([false, true, true, true]);
});

test("a path is not blamed if the token could not be replaced", async () => {
  const { ask, doubtful } = client([dead], () => {
    throw new Error("no store");
  });
  await ask();
  await ask();
  expect(doubtful).toEqual([false, false]);
});

test("a refusal for another reason does not make a path trusted again", async () => {
  const { ask, doubtful, clock } = client([dead, { errcode: 48001 }, dead], alive);
  await ask();
  await ask();
  await clock.advance(1_000);
  await ask();
  expect(doubtful).toEqual([false, true]);
});
