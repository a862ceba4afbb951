import { memoryCache, memoryStore } from "@lingpai/adapter-memory";
import { manualClock, seededRandom } from "@lingpai/core/testing";
import type { ManualClock } from "@lingpai/core/testing";
import { accountPush, createSimulator } from "@lingpai/wechat-simulator";
import type { AccountPush, AccountPushOptions } from "@lingpai/wechat-simulator";
import { describe, expect, test } from "vitest";
import { accountMessages } from "./account-messages.ts";
import type {
  AccountMessage,
  AccountMessages,
  AccountMessagesOptions,
} from "./account-messages.ts";
import { readDocument } from "./push-document.ts";
import { pushEnvelope } from "./push-envelope.ts";

const receiver = "wxba5fad812f8e6fb9";
const messageToken = "AAAAA";
/** All zeros, as in the official example. */
const encodingAesKey = "A".repeat(43);

interface World {
  readonly clock: ManualClock;
  node(options?: Partial<AccountMessagesOptions>): AccountMessages;
  push(text: string, options?: Partial<AccountPushOptions>): AccountPush;
  readonly messages: AccountMessage[];
}

function world(wallMs?: number): World {
  const clock = manualClock();
  const ownClock = wallMs === undefined ? clock : { ...clock, wallMs: () => wallMs };
  const simulator = createSimulator({ clock, random: seededRandom(5) });
  const store = memoryStore({ clock });
  const messages: AccountMessage[] = [];
  return {
    clock,
    messages,
    node: (options = {}) =>
      accountMessages({
        receiver,
        messageToken,
        encodingAesKey,
        environment: "prod",
        cache: memoryCache(store, { clock }),
        clock: ownClock,
        random: seededRandom("node"),
        onMessage: (message) => void messages.push(message),
        ...options,
      }),
    push: (text, options = {}) =>
      accountPush(simulator, text, { receiver, token: messageToken, encodingAesKey, ...options }),
  };
}

const textMessage =
  "<xml><ToUserName><![CDATA[gh_97417a04a28d]]></ToUserName><FromUserName><![CDATA[o9AgO5Kd5ggOC]]></FromUserName>" +
  "<CreateTime>1714037059</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好 ]]></Content><MsgId>6306264631030309910</MsgId></xml>";
const eventMessage =
  '{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC","CreateTime":1714037059,"MsgType":"event","Event":"debug_demo","debug_str":"hello"}';

describe("the platforms' published examples", () => {
  // developers.weixin.qq.com/doc/oplatform/developers/dev/push/encryption, read in November 2026.
  test("a check of the URL is answered with its text", async () => {
    const receiving = world(1_714_036_504_000).node();
    const query =
      "signature=f464b24fc39322e44b38aa78f5edd27bd1441696&echostr=4375120948345356249&timestamp=1714036504&nonce=1514711492";
    const reply = await receiving.respondToPush(new Request(`https://www.qq.com/revice?${query}`));
    expect([reply.status, await reply.text()]).toEqual([200, "4375120948345356249"]);
    const forged = await receiving.respondToPush(
      new Request(`https://www.qq.com/revice?${query.replace("f464", "0000")}`),
    );
    expect(forged.status).toBe(403);
  });

  test("a message in plain mode is opened", async () => {
    const { node, messages } = world(1_714_037_059_000);
    const query = {
      signature: "899cf89e464efb63f54ddac96b0a0a235f53aa78",
      timestamp: "1714037059",
      nonce: "486452656",
    };
    const reply = await node({ mode: "plain" }).handlePush({ query, body: eventMessage });
    expect(reply).toEqual({ status: 200, body: "success" });
    expect(messages).toMatchObject([{ type: "event", event: "debug_demo", format: "json" }]);
  });

  test("a message in safe mode is opened", async () => {
    const { node, messages } = world(1_714_112_445_000);
    const query = {
      signature: "6c5c811b55cc85e0e1b54100749188c20beb3f5d",
      timestamp: "1714112445",
      nonce: "415670741",
      encrypt_type: "aes",
      msg_signature: "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3",
    };
    const Encrypt =
      "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04=";
    await node().handlePush({
      query,
      body: JSON.stringify({ ToUserName: "gh_97417a04a28d", Encrypt }),
    });
    expect(messages).toMatchObject([{ type: "event", event: "debug_demo", receiver }]);
    expect(messages[0]?.fields.get("debug_str")).toBe("hello world");
  });

  test("WeCom's encrypted check of the URL is answered with its text", async () => {
    const keys = {
      messageToken: "QDG6eK",
      encodingAesKey: "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
      receiver: "wx5823bf96d3bd56c7",
    };
    const echostr =
      "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==";
    const query = {
      msg_signature: "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
      timestamp: "1409659589",
      nonce: "263014780",
      echostr,
    };
    const receiving = world(1_409_659_589_000).node(keys);
    const reply = await receiving.respondToPush(
      new Request(`https://example.com/?${new URLSearchParams(query)}`),
    );
    expect([reply.status, await reply.text()]).toEqual([200, "1616140317555161061"]);
  });
});

describe.each(["plain", "compatible", "safe"] as const)(
  "an account's message in %s mode",
  (mode) => {
    test.each(["xml", "json"] as const)("is opened and answered in %s", async (format) => {
      const { node, push, messages, clock } = world();
      const onMessage = (message: AccountMessage): object => {
        messages.push(message);
        return { MsgType: "text", Content: "a]]>令" };
      };
      const receiving = node({ mode, onMessage: onMessage as AccountMessagesOptions["onMessage"] });
      const text = format === "xml" ? textMessage : eventMessage;
      const reply = await receiving.handlePush(push(text, { mode, format }));
      expect(messages).toMatchObject([{ type: format === "xml" ? "text" : "event", format }]);
      expect(reply).toMatchObject({
        status: 200,
        contentType: format === "xml" ? "text/xml" : "application/json",
      });
      const answer = mode === "plain" ? reply.body : opened(reply.body, clock.wallMs());
      const fields = Object.fromEntries(readDocument(answer)?.fields ?? []);
      expect(fields).toEqual({
        ToUserName: "o9AgO5Kd5ggOC",
        FromUserName: "gh_97417a04a28d",
        CreateTime: String(Math.floor(clock.wallMs() / 1000)),
        MsgType: "text",
        Content: "a]]>令",
      });
    });

    test("gets the response `success` if there is no reply, and is handled once, however it is encrypted", async () => {
      const { node, push, messages } = world();
      const [a, b] = [node({ mode }), node({ mode })];
      for (const receiving of [a, b, a])
        await expect(receiving.handlePush(push(textMessage, { mode }))).resolves.toEqual({
          status: 200,
          body: "success",
        });
      expect(messages).toHaveLength(1);
      expect(messages[0]?.fields.get("Content")).toBe("你好 ");
      expect(messages[0]?.fields.get("MsgId")).toBe("6306264631030309910");
    });

    test("is refused if it is forged, too old, or no message", async () => {
      const { node, push, clock, messages } = world();
      const refusals: string[] = [];
      const receiving = node({ mode, onRefused: (refusal) => void refusals.push(refusal) });
      const { query, body } = push(textMessage, { mode });
      const status = async (request: AccountPush): Promise<number> =>
        (await receiving.handlePush(request)).status;
      const signature = mode === "plain" ? "signature" : "msg_signature";
      await expect(
        status({ query: { ...query, [signature]: "0".repeat(40) }, body }),
      ).resolves.toBe(403);
      await expect(status({ query: {}, body })).resolves.toBe(400);
      await expect(
        status(push("not a document", { mode: mode === "compatible" ? "safe" : mode })),
      ).resolves.toBe(400);
      await clock.advance(301_000);
      await expect(status({ query, body })).resolves.toBe(403);
      expect(refusals).toEqual(["signature", "form", "content", "age"]);
      expect(messages).toEqual([]);
    });
  },
);

const opened = (body: string, nowMs: number): string => {
  const sealed = readDocument(body)?.fields ?? new Map<string, string>();
  const envelope = pushEnvelope({
    messageToken,
    encodingAesKey,
    receivers: [receiver],
    ageMaxMs: 1_000,
  });
  const query = {
    timestamp: sealed.get("TimeStamp"),
    nonce: sealed.get("Nonce"),
    msg_signature: sealed.get("MsgSignature"),
  };
  const answer = envelope.open({ query, body }, nowMs);
  return "text" in answer ? answer.text : answer.refused;
};

describe("an account's message", () => {
  test("without encryption is refused in safe mode, even if its query is signed", async () => {
    const { node, push } = world();
    await expect(node().handlePush(push(textMessage, { mode: "plain" }))).resolves.toMatchObject({
      status: 400,
    });
  });

  test("in compatible mode is read from its encrypted part, not from the clear part beside it", async () => {
    const { node, push, messages } = world();
    const { query, body } = push(textMessage, { mode: "compatible" });
    await node({ mode: "compatible" }).handlePush({ query, body: body.replace("你好", "pay up") });
    expect(messages[0]?.fields.get("Content")).toBe("你好 ");
  });

  test("of an individual developer has an empty receiver", async () => {
    const { node, push, messages } = world();
    await node({ receivers: [""] }).handlePush(push(textMessage, { receiver: "" }));
    expect(messages).toHaveLength(1);
  });

  test("gets a response without a reply if the reply takes too long", async () => {
    const { node, push, clock } = world();
    const slow = Promise.withResolvers<{ MsgType: string }>();
    const reply = node({ onMessage: () => slow.promise }).handlePush(push(textMessage));
    await clock.advance(4_000);
    await expect(reply).resolves.toEqual({ status: 200, body: "success" });
    slow.resolve({ MsgType: "text" });
    await clock.advance(1_000);
  });
});

test.each([
  [{ messageToken: "" }, "message-keys"],
  [{ encodingAesKey: "short" }, "message-keys"],
  [{ mode: "safest" }, "mode"],
  [{ answerMs: 5 }, "range"],
])("invalid options are refused at construction: %j", (wrong, rule) => {
  expect(() => world().node(wrong as Partial<AccountMessagesOptions>)).toThrow(
    expect.objectContaining({ code: "CONFIGURATION", rule }),
  );
});
