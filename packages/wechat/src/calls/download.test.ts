import { memoryStore } from "@lingpai/adapter-memory";
import { manualClock, seededRandom } from "@lingpai/core/testing";
import { accountPush, createSimulator } from "@lingpai/wechat-simulator";
import { describe, expect, test } from "vitest";
import { accountMessages } from "../push/account-messages.ts";
import { createApi } from "./api.ts";
import { fakeCredential, tokenOf } from "./fake-credential.fixture.ts";
import { scriptedFetch } from "../transport/scripted-fetch.fixture.ts";
import type { ScriptedFetch } from "../transport/scripted-fetch.fixture.ts";
import { wechat } from "../account/wechat.ts";

const path = "/wxa/getwxacodeunlimit";
const picture = new Uint8Array([0x89, 0x50, 0x4e, 0x47]);
const file = (status = 200): Response =>
  new Response(picture, { status, headers: { "content-type": "image/png" } });

function downloading(...answers: Parameters<typeof scriptedFetch>): {
  fetch: ScriptedFetch;
  get: () => Promise<Response>;
} {
  const fetch = scriptedFetch(...answers);
  const api = createApi(fakeCredential(), { fetch, clock: manualClock(), random: seededRandom(1) });
  return { fetch, get: () => api.download(path, { json: { scene: "a" } }) };
}

describe("download", () => {
  test("returns the file, unread", async () => {
    const { fetch, get } = downloading(() => file());
    const answer = await get();
    expect(answer.bodyUsed).toBe(false);
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(picture);
    expect(fetch.sent[0]).toMatchObject({ method: "POST" });
  });

  test("throws the refusal that the platform sends in the file's place, which fetch would return as a file", async () => {
    const { get } = downloading({ errcode: 41030, errmsg: "invalid page" });
    await expect(get()).rejects.toMatchObject({ code: "PLATFORM_REFUSED", errcode: 41030 });
  });

  test("replaces a dead token", async () => {
    const { fetch, get } = downloading({ errcode: 40001, errmsg: "invalid credential" }, () =>
      file(),
    );
    await expect(get().then((answer) => answer.bytes())).resolves.toEqual(picture);
    expect(fetch.sent.map(({ url }) => url.searchParams.get("access_token"))).toEqual([
      tokenOf(1),
      tokenOf(2),
    ]);
  });

  test("throws if the answer has an HTTP error status", async () => {
    await expect(downloading(() => file(502)).get()).rejects.toMatchObject({
      code: "PLATFORM_ANSWER_INVALID",
    });
  });
});

describe("a memory store that is passed whole", () => {
  const account = { appId: "wx0123456789abcdef", secret: "0123456789abcdef0123456789abcdef" };

  test("is one store for all clients that receive it", async () => {
    const simulator = createSimulator({ accounts: [account] });
    const shared = {
      ...account,
      environment: "prod",
      store: memoryStore(),
      fetch: simulator.fetch,
    };
    const [one, two] = [wechat(shared), wechat(shared)];
    expect(await one.token()).toBe(await two.token());
    expect(simulator.log.fetches(account.appId)).toHaveLength(1);
    await Promise.all([one.close(), two.close()]);
  });

  test("serves an account's messages, which take a store or a cache and not both", async () => {
    const keys = {
      messageToken: "a-token",
      encodingAesKey: "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    };
    const store = memoryStore();
    const told: string[] = [];
    const options = {
      ...keys,
      receiver: account.appId,
      environment: "prod",
      onMessage: ({ type }: { type: string }) => void told.push(type),
    };
    const messages = accountMessages({ ...options, store });
    const text =
      "<xml><FromUserName>o1</FromUserName><MsgType>text</MsgType><Content>hello</Content></xml>";
    const push = accountPush(createSimulator(), text, {
      receiver: account.appId,
      token: keys.messageToken,
      encodingAesKey: keys.encodingAesKey,
    });
    expect((await messages.handlePush(push)).status).toBe(200);
    expect(told).toEqual(["text"]);
    messages.close();
    expect(() => accountMessages({ ...options, store, cache: store.cache })).toThrow(
      "and not both",
    );
    expect(() => accountMessages(options)).toThrow("Give accountMessages a `store`");
  });
});
