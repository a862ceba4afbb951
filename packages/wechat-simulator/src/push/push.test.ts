import { createDecipheriv, createHash } from "node:crypto";
import { manualClock, seededRandom } from "@lingpai/core/testing";
import { expect, test } from "vitest";
import { Context } from "../ledger/context.ts";
import { startPushes } from "./push-schedule.ts";
import { deliver, seal } from "./push.ts";
import { createSimulator } from "../simulator.ts";
import { appId, components, componentAppId, messageKeys } from "../world.fixture.ts";

const sha1 = (...parts: readonly string[]): string =>
  createHash("sha1").update(parts.toSorted().join("")).digest("hex");

function contextAt(): Context {
  const clock = manualClock();
  return new Context(clock, clock.wallMs, seededRandom(1), Infinity);
}

function opened(encrypted: string): {
  readonly message: string;
  readonly receiver: string;
  readonly bytes: number;
} {
  const key = Buffer.from(`${messageKeys.encodingAesKey}=`, "base64");
  const cipher = createDecipheriv("aes-256-cbc", key, key.subarray(0, 16)).setAutoPadding(false);
  const padded = Buffer.concat([cipher.update(encrypted, "base64"), cipher.final()]);
  const plain = padded.subarray(0, padded.byteLength - (padded.at(-1) ?? 0));
  const length = plain.readUInt32BE(16);
  return {
    message: plain.toString("utf8", 20, 20 + length),
    receiver: plain.toString("utf8", 20 + length),
    bytes: padded.byteLength,
  };
}

const encryptedIn = (body: string): string =>
  /<Encrypt><!\[CDATA\[(.+?)\]\]><\/Encrypt>/.exec(body)?.[1] ?? "";

test("a message decrypts with the agreed key to its fields and its receiver, padded to 32 bytes", () => {
  const context = contextAt();
  const lengths = Array.from({ length: 33 }, (_, length) => "x".repeat(length + 1));
  for (const ticket of [...lengths, "票据".repeat(20)]) {
    const push = seal(
      context,
      messageKeys,
      "wxcomponent",
      { InfoType: "component_verify_ticket", CreateTime: "17", Ticket: ticket },
      "AppId",
    );
    expect(push.body).toMatch(/^<xml><AppId><!\[CDATA\[wxcomponent\]\]><\/AppId><Encrypt>/);
    const { message, receiver, bytes } = opened(encryptedIn(push.body));
    expect(message).toBe(
      `<xml><InfoType><![CDATA[component_verify_ticket]]></InfoType><CreateTime>17</CreateTime><Ticket><![CDATA[${ticket}]]></Ticket></xml>`,
    );
    expect(receiver).toBe("wxcomponent");
    expect(bytes % 32).toBe(0);
  }
});

test("a message is signed over the sorted token, time, nonce and ciphertext", () => {
  const { query, body } = seal(contextAt(), messageKeys, "wxcomponent", { InfoType: "x" }, "AppId");
  const { timestamp = "", nonce = "" } = query;
  expect(query).toEqual({
    signature: sha1(messageKeys.token, timestamp, nonce),
    timestamp: String(Date.UTC(2026, 0, 1) / 1000),
    nonce: expect.stringMatching(/^\d+$/),
    encrypt_type: "aes",
    msg_signature: sha1(messageKeys.token, timestamp, nonce, encryptedIn(body)),
  });
});

test("two messages of the same content differ", () => {
  const context = contextAt();
  const bodies = [1, 2].map(
    () => seal(context, messageKeys, "wxcomponent", { InfoType: "x" }, "AppId").body,
  );
  expect(bodies[0]).not.toBe(bodies[1]);
});

test("a delivery keeps the query of the receiver's URL, and succeeds only if the answer is `success`", async () => {
  const push = seal(contextAt(), messageKeys, "wxcomponent", { InfoType: "x" }, "AppId");
  const answers = [
    new Response("success\n"),
    new Response("no"),
    new Response("success", { status: 500 }),
  ];
  const requests: Request[] = [];
  const send = async (
    input: Parameters<typeof fetch>[0],
    init?: RequestInit,
  ): Promise<Response> => {
    requests.push(new Request(input, init));
    return answers[requests.length - 1] ?? Response.error();
  };
  const taken = [];
  for (const _ of answers)
    taken.push(await deliver(push, "https://me.example/push?tenant=1", send));
  expect(taken).toEqual([true, false, false]);
  const [request] = requests;
  expect(await request?.text()).toBe(push.body);
  expect(Object.fromEntries(new URL(request?.url ?? "").searchParams)).toEqual({
    tenant: "1",
    ...push.query,
  });
});

test("a schedule pushes at once and then every ten minutes until it is stopped, and survives failures", async () => {
  const clock = manualClock();
  const simulator = createSimulator({
    clock,
    random: seededRandom(1),
    components,
    accounts: [{ appId, secret: "s" }],
  });
  const outcomes = [true, false, new Error("receiver is down"), true];
  let brought = 0;
  const stop = startPushes(simulator, {
    make: () => simulator.openPlatform.pushTicket(componentAppId),
    bring: async () => {
      const outcome = outcomes[brought];
      brought += 1;
      if (outcome instanceof Error) throw outcome;
      return outcome === true;
    },
  });
  await clock.advance(0);
  expect(brought).toBe(1);
  await clock.advance(1_800_000);
  expect(brought).toBe(4);
  stop();
  await clock.advance(3_600_000);
  expect(brought).toBe(4);
  expect(clock.pendingTimers).toBe(0);
  expect(simulator.log.entries({ kind: "push" }).map(({ code }) => code)).toEqual([
    0, 0, -1, 0, -1, 0,
  ]);
});
