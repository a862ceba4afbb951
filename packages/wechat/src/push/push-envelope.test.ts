import { seededRandom } from "@lingpai/core/testing";
import { createSimulator } from "@lingpai/wechat-simulator";
import { describe, expect, test } from "vitest";
import { pushEnvelope } from "./push-envelope.ts";
import {
  componentAppId,
  encodingAesKey,
  messageToken,
  secret,
} from "../open-platform/platform-world.fixture.ts";
import { seal, signed as signedAt } from "./sealed-push.fixture.ts";

const nowMs = Date.UTC(2026, 0, 1);
const second = Math.floor(nowMs / 1000);
const signed = (
  sealed: string,
  timestamp = String(second),
  token?: string,
): Record<string, string> => signedAt(sealed, timestamp, token);
const options = { messageToken, encodingAesKey, receivers: [componentAppId], ageMaxMs: 300_000 };
const envelope = pushEnvelope(options);

const body = (sealed: string): string =>
  `<xml><AppId>${componentAppId}</AppId><Encrypt><![CDATA[${sealed}]]></Encrypt></xml>`;
const open = (sealed: string, query = signed(sealed), atMs = nowMs): unknown =>
  envelope.open({ query, body: body(sealed) }, atMs);

describe("a push", () => {
  test("opens if the platform made it", () => {
    const components = [{ appId: componentAppId, secret, token: messageToken, encodingAesKey }];
    const { openPlatform } = createSimulator({
      components,
      nowMs: () => nowMs,
      random: seededRandom(3),
    });
    const { query, body: sealed } = openPlatform.pushTicket(componentAppId);
    const opened = envelope.open({ query, body: sealed }, nowMs);
    expect(opened).toMatchObject({ text: expect.stringMatching(/component_verify_ticket/) });
    expect(
      envelope.open({ query: new URLSearchParams(query), body: Buffer.from(sealed) }, nowMs),
    ).toEqual(opened);
  });

  test.each([0, 1, 11, 12, 31, 32, 33, 1000])(
    "opens at a length of %d, with any padding",
    (length) => {
      expect(open(seal("令".repeat(length)))).toMatchObject({ text: "令".repeat(length) });
    },
  );

  test.each([
    ["another token", signed(seal("a"), String(second), "another")],
    ["no signature that could be one", { ...signed(seal("a")), msg_signature: "nonsense" }],
    ["another's signature", { ...signed(seal("a")), msg_signature: "0".repeat(40) }],
    ["another nonce", { ...signed(seal("a")), nonce: "other" }],
  ])("is refused with %s, before anything is decrypted", (_title, query) => {
    expect(open(seal("a"), query)).toEqual({ refused: "signature" });
  });

  test("is refused if its ciphertext was altered", () => {
    const sealed = seal("a");
    expect(open(`${sealed.startsWith("A") ? "B" : "A"}${sealed.slice(1)}`, signed(sealed))).toEqual(
      { refused: "signature" },
    );
  });

  test.each([
    [-300_000, true],
    [-301_000, false],
    [300_000, true],
    [301_000, false],
  ])("sent %d ms from now is accepted: %s", (offsetMs, isTaken) => {
    const sealed = seal("a");
    const timestamp = String((nowMs + offsetMs) / 1000);
    expect(open(sealed, signed(sealed, timestamp))).toEqual(
      isTaken ? expect.objectContaining({ text: "a" }) : { refused: "age" },
    );
  });

  test.each(["-1", "1e9", "", "soon", "9".repeat(13)])(
    "is refused with the timestamp %j",
    (timestamp) => {
      const sealed = seal("a");
      expect(open(sealed, signed(sealed, timestamp))).toHaveProperty("refused");
    },
  );

  test("is refused if it is encrypted for another receiver", () => {
    expect(open(seal("a", { receiver: "wx0000000000000000" }))).toEqual({ refused: "receiver" });
    expect(open(seal("a", { receiver: "" }))).toEqual({ refused: "receiver" });
  });

  test.each<[string, string]>([
    ["another key", seal("a", { key: "Z".repeat(43) })],
    ["a padding of nothing", seal("a", { lastByte: 0 })],
    ["a padding beyond a block", seal("a", { lastByte: 33 })],
    ["a padding of more than a block", seal("a".repeat(10), { padding: 48 })],
    ["a padding of different bytes", seal("abcdefgh", { lastByte: 3 })],
    ["a length beyond its end", seal("a", { length: 2 ** 32 - 1 })],
    ["no whole blocks", "AAAA"],
    ["no base64", "!!!!"],
  ])("is refused with %s", (_title, sealed) => {
    expect(open(sealed)).toEqual({ refused: expect.stringMatching(/form|receiver/) });
  });

  test.each([
    ["a body that is not a document", { body: "{}" }],
    ["a body without a ciphertext", { body: "<xml><AppId>a</AppId></xml>" }],
    ["no nonce", { query: { timestamp: "1", msg_signature: "a" } }],
    ["a signature twice, as an array", { query: { ...signed("a"), msg_signature: ["a", "b"] } }],
    [
      "a signature twice, in the query",
      { query: new URLSearchParams("timestamp=1&nonce=2&msg_signature=a&msg_signature=b") },
    ],
    ["an inherited signature", { query: Object.create(signed("a")) as Record<string, string> }],
  ])("is refused with %s", (_title, wrong) => {
    expect(envelope.open({ query: signed("a"), body: body("a"), ...wrong }, nowMs)).toEqual({
      refused: "form",
    });
  });

  test("returns the text with which WeCom checks a URL", () => {
    const sealed = seal("1616140317555161061");
    expect(envelope.openEcho({ ...signed(sealed), echostr: sealed }, nowMs)).toMatchObject({
      text: "1616140317555161061",
    });
    const provider = seal("a", { receiver: "ww0123456789abcdef" });
    expect(envelope.openEcho({ ...signed(provider), echostr: provider }, nowMs)).toMatchObject({
      text: "a",
    });
    expect(envelope.openEcho({ ...signed("other"), echostr: sealed }, nowMs)).toEqual({
      refused: "signature",
    });
    expect(envelope.openEcho(signed(sealed), nowMs)).toEqual({ refused: "form" });
  });
});

test.each([
  { messageToken: "" },
  { messageToken: "a token" },
  { encodingAesKey: encodingAesKey.slice(1) },
  { encodingAesKey: `${encodingAesKey}=` },
  { encodingAesKey: `${encodingAesKey.slice(1)}\n` },
])("invalid keys are refused at construction: %j", (wrong) => {
  expect(() => pushEnvelope({ ...options, ...wrong })).toThrow(
    expect.objectContaining({ code: "CONFIGURATION", rule: "message-keys" }),
  );
});
