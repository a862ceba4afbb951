import { faultPlan, faultyCache } from "@lingpai/core/testing";
import { memoryCache } from "@lingpai/adapter-memory";
import type { Push } from "@lingpai/wechat-simulator";
import { afterEach, describe, expect, test } from "vitest";
import { componentAppId, platformWorld } from "../open-platform/platform-world.fixture.ts";
import type { PlatformWorld } from "../open-platform/platform-world.fixture.ts";
import { seal, signed } from "./sealed-push.fixture.ts";

const taken = { status: 200, body: "success" };
const open: PlatformWorld[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((world) => world.close()));
});

function world(): PlatformWorld {
  const made = platformWorld();
  open.push(made);
  return made;
}

const requestOf = (push: Push, init: RequestInit = {}): Request =>
  new Request(`https://example.com/pushes?${new URLSearchParams(push.query)}`, {
    method: "POST",
    body: push.body,
    ...init,
  });

describe("a pushed ticket", () => {
  test("is accepted by any node and used by every other", async () => {
    const { node, pushTo, simulator, during } = world();
    const [a, b] = [node("a"), node("b")];
    await expect(pushTo(a)).resolves.toEqual(taken);
    await during(b.credential.get());
    expect(simulator.log.fetches(componentAppId).map(({ caller, code }) => [caller, code])).toEqual(
      [["b", 0]],
    );
  });

  test("is accepted again without effect when it is replayed", async () => {
    const { node, deliver, simulator, clock } = world();
    const receiver = node("a");
    const [first, second] = [
      simulator.openPlatform.pushTicket(componentAppId),
      simulator.openPlatform.pushTicket(componentAppId),
    ];
    for (const push of [first, second, first, first])
      await expect(deliver(push, receiver)).resolves.toEqual(taken);
    await expect(receiver.ticket.status()).resolves.toMatchObject({ live: 2 });
    await clock.advance(301_000);
    await expect(deliver(first, receiver)).resolves.toEqual({ status: 403, body: "refused: age" });
  });

  test("is requested again when the store cannot keep it", async () => {
    const { node, deliver, simulator, clock, store } = world();
    const faults = faultPlan({ clock });
    const receiver = node("a", { cache: faultyCache(memoryCache(store, { clock }), faults) });
    const push = simulator.openPlatform.pushTicket(componentAppId);
    faults.unreachable = true;
    await expect(deliver(push, receiver)).resolves.toEqual({ status: 503, body: "try again" });
    faults.unreachable = false;
    await expect(deliver(push, receiver)).resolves.toEqual(taken);
  });

  test.each([
    ["without a ticket", "<ComponentVerifyTicket></ComponentVerifyTicket>", "1767225600"],
    [
      "with a ticket that no token could be",
      "<ComponentVerifyTicket><![CDATA[a b]]></ComponentVerifyTicket>",
      "1767225600",
    ],
    ["without a time", "<ComponentVerifyTicket>ticket</ComponentVerifyTicket>", ""],
    ["with a time that is none", "<ComponentVerifyTicket>ticket</ComponentVerifyTicket>", "-1"],
  ])("is refused %s, and not acknowledged", async (_title, ticket, time) => {
    const { node, clock } = world();
    const refusals: string[] = [];
    const receiver = node("a", { onRefused: (refusal) => void refusals.push(refusal) });
    const sealed = seal(
      `<xml><CreateTime>${time}</CreateTime><InfoType>component_verify_ticket</InfoType>${ticket}</xml>`,
    );
    const body = `<xml><Encrypt>${sealed}</Encrypt></xml>`;
    const query = signed(sealed, String(Math.floor(clock.wallMs() / 1000)));
    await expect(receiver.handlePush({ query, body })).resolves.toEqual({
      status: 400,
      body: "refused: content",
    });
    expect(refusals).toEqual(["content"]);
    await expect(receiver.ticket.status()).resolves.toEqual({ live: 0, ageMs: undefined });
  });

  test("is stored at any length that a credential may have", async () => {
    const { node, clock } = world();
    const receiver = node("a");
    const [seconds, ticket] = [String(Math.floor(clock.wallMs() / 1000)), "t".repeat(16_384)];
    const sealed = seal(
      `<xml><CreateTime>${seconds}</CreateTime><InfoType>component_verify_ticket</InfoType><ComponentVerifyTicket>${ticket}</ComponentVerifyTicket></xml>`,
    );
    const body = `<xml><Encrypt>${sealed}</Encrypt></xml>`;
    const query = signed(sealed, seconds);
    await expect(receiver.handlePush({ query, body })).resolves.toEqual(taken);
    expect((await receiver.ticket.get()).reveal()).toBe(ticket);
  });

  test("with an unchanged text is valid for twelve more hours after each push", async () => {
    const { node, deliver, simulator, clock, during } = world();
    const receiver = node("a");
    await deliver(simulator.openPlatform.pushTicket(componentAppId), receiver);
    for (let hours = 0; hours < 26; hours += 2) {
      await clock.advance(2 * 3_600_000);
      await expect(
        deliver(simulator.openPlatform.pushTicket(componentAppId, { isSame: true }), receiver),
      ).resolves.toEqual(taken);
      await expect(receiver.ticket.status()).resolves.toMatchObject({ live: 1 });
    }
    await during(receiver.credential.get());
    expect(simulator.log.fetches(componentAppId).map(({ code }) => code)).toEqual([0]);
  });

  test("is refused if another party signed it, and the refusal is reported to the operator", async () => {
    const refusals: string[] = [];
    const { node, pushTo } = world();
    const receiver = node("a", {
      messageToken: "another",
      onRefused: (refusal) => void refusals.push(refusal),
    });
    await expect(pushTo(receiver)).resolves.toEqual({ status: 403, body: "refused: signature" });
    expect(refusals).toEqual(["signature"]);
    await expect(receiver.ticket.status()).resolves.toEqual({ live: 0, ageMs: undefined });
  });
});

describe("a route for Request and Response", () => {
  test("answers as the platform expects", async () => {
    const { node, simulator } = world();
    const receiver = node("a");
    const reply = await receiver.respondToPush(
      requestOf(simulator.openPlatform.pushTicket(componentAppId)),
    );
    expect([reply.status, await reply.text(), reply.headers.get("content-type")]).toEqual([
      200,
      "success",
      "text/plain",
    ]);
    await expect(receiver.ticket.status()).resolves.toMatchObject({ live: 1 });
  });

  test.each([
    ["another method", { method: "PUT" }, 405],
    ["a body beyond any push", { body: "a".repeat(262_145) }, 413],
    ["an empty body", { body: "" }, 400],
  ])("refuses %s", async (_title, init, status) => {
    const { node, simulator } = world();
    const reply = await node("a").respondToPush(
      requestOf(simulator.openPlatform.pushTicket(componentAppId), init),
    );
    expect(reply.status).toBe(status);
  });

  test("refuses a GET, and a check of the URL that is not signed", async () => {
    const receiver = world().node("a");
    const get = (query: string): Promise<Response> =>
      receiver.respondToPush(new Request(`https://example.com/?${query}`));
    expect((await get("")).status).toBe(405);
    expect((await get("echostr=AAAA&timestamp=1&nonce=1&msg_signature=00")).status).toBe(403);
  });
});

test.each([0, 99, 60_001, Number.NaN])(
  "a response time of %d ms is refused at construction",
  (answerMs) => {
    expect(() => world().node("a", { answerMs })).toThrow(
      expect.objectContaining({ code: "CONFIGURATION", rule: "range" }),
    );
  },
);

test.each([0, 999, 3_600_001, Number.NaN])(
  "an age limit of %d ms is refused at construction",
  (pushAgeMaxMs) => {
    expect(() => world().node("a", { pushAgeMaxMs })).toThrow(
      expect.objectContaining({ code: "CONFIGURATION", rule: "range" }),
    );
  },
);
