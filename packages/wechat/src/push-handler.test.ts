import { faultPlan, faultyCache } from "@lingpai/core/testing";
import { memoryCache } from "@lingpai/adapter-memory";
import type { Push } from "@lingpai/wechat-simulator";
import { afterEach, describe, expect, test } from "vitest";
import { componentAppId, platformWorld, tenantAppId } from "./platform-world.fixture.ts";
import type { PlatformWorld } from "./platform-world.fixture.ts";
import type { PushMessage } from "./push-handler.ts";
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
  new Request(`https://example.com/pushes?${new URLSearchParams(push.query)}`, { method: "POST", body: push.body, ...init });

describe("a pushed ticket", () => {
  test("is taken by any node and used by every other", async () => {
    const { node, pushTo, simulator, during } = world();
    const [a, b] = [node("a"), node("b")];
    await expect(pushTo(a)).resolves.toEqual(taken);
    await during(b.credential.get());
    expect(simulator.log.fetches(componentAppId).map(({ caller, code }) => [caller, code])).toEqual([["b", 0]]);
  });

  test("is taken again without effect when it is replayed", async () => {
    const { node, deliver, simulator, clock } = world();
    const receiver = node("a");
    const [first, second] = [simulator.openPlatform.pushTicket(componentAppId), simulator.openPlatform.pushTicket(componentAppId)];
    for (const push of [first, second, first, first]) await expect(deliver(push, receiver)).resolves.toEqual(taken);
    await expect(receiver.ticket.status()).resolves.toMatchObject({ live: 2 });
    await clock.advance(301_000);
    await expect(deliver(first, receiver)).resolves.toEqual({ status: 403, body: "refused: age" });
  });

  test("is asked for again when the store cannot keep it", async () => {
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
    ["with a ticket that no token could be", "<ComponentVerifyTicket><![CDATA[a b]]></ComponentVerifyTicket>", "1767225600"],
    ["without a time", "<ComponentVerifyTicket>ticket</ComponentVerifyTicket>", ""],
    ["with a time that is none", "<ComponentVerifyTicket>ticket</ComponentVerifyTicket>", "-1"],
  ])("is dropped %s, and not asked for again, because it would come the same", async (_title, ticket, time) => {
    const { node, clock } = world();
    const receiver = node("a");
    const sealed = seal(`<xml><CreateTime>${time}</CreateTime><InfoType>component_verify_ticket</InfoType>${ticket}</xml>`);
    const body = `<xml><Encrypt>${sealed}</Encrypt></xml>`;
    const query = signed(sealed, String(Math.floor(clock.wallMs() / 1000)));
    await expect(receiver.handlePush({ query, body })).resolves.toEqual(taken);
    await expect(receiver.ticket.status()).resolves.toEqual({ live: 0, ageMs: undefined });
  });

  test("is refused when another signed it, and says so to the operator", async () => {
    const refusals: string[] = [];
    const { node, pushTo } = world();
    const receiver = node("a", { messageToken: "another", onRefused: (refusal) => void refusals.push(refusal) });
    await expect(pushTo(receiver)).resolves.toEqual({ status: 403, body: "refused: signature" });
    expect(refusals).toEqual(["signature"]);
    await expect(receiver.ticket.status()).resolves.toEqual({ live: 0, ageMs: undefined });
  });
});

describe("any other message", () => {
  test("is handed to the application once, on whichever node it arrives and however often", async () => {
    const messages: PushMessage[] = [];
    const onMessage = (message: PushMessage): void => void messages.push(message);
    const { node, deliver, simulator } = world();
    const [a, b] = [node("a", { onMessage }), node("b", { onMessage })];
    const { push, code } = simulator.openPlatform.authorize(componentAppId, tenantAppId);
    for (const receiver of [a, b, a]) await expect(deliver(push, receiver)).resolves.toEqual(taken);
    await deliver(simulator.openPlatform.unauthorize(componentAppId, tenantAppId), b);
    expect(messages.map(({ infoType, fields }) => [infoType, fields.get("AuthorizerAppid"), fields.get("AuthorizationCode")])).toEqual([
      ["authorized", tenantAppId, code],
      ["unauthorized", tenantAppId, undefined],
    ]);
  });

  test("comes again when the application fails", async () => {
    let calls = 0;
    const onMessage = async (): Promise<void> => {
      calls += 1;
      if (calls === 1) throw new Error("the database is down");
    };
    const { node, deliver, simulator } = world();
    const receiver = node("a", { onMessage });
    const { push } = simulator.openPlatform.authorize(componentAppId, tenantAppId);
    await expect(deliver(push, receiver)).resolves.toMatchObject({ status: 503 });
    await expect(deliver(push, receiver)).resolves.toEqual(taken);
    await deliver(push, receiver);
    expect(calls).toBe(2);
  });

  test("is handed on as it is when it is no flat document", async () => {
    const messages: PushMessage[] = [];
    const { node, clock } = world();
    const text = "<xml><InfoType>notify_third_fasteregister</InfoType><info><name>a</name></info></xml>";
    const sealed = seal(text);
    const query = signed(sealed, String(Math.floor(clock.wallMs() / 1000)));
    const receiver = node("a", { onMessage: (message) => void messages.push(message) });
    await expect(receiver.handlePush({ query, body: `<xml><Encrypt>${sealed}</Encrypt></xml>` })).resolves.toEqual(taken);
    expect(messages).toEqual([{ infoType: "", fields: new Map(), text }]);
  });

  test("is taken when nobody listens", async () => {
    const { node, deliver, simulator } = world();
    await expect(deliver(simulator.openPlatform.authorize(componentAppId, tenantAppId).push, node("a"))).resolves.toEqual(taken);
  });
});

describe("a route for Request and Response", () => {
  test("answers as the platform expects", async () => {
    const { node, simulator } = world();
    const receiver = node("a");
    const reply = await receiver.respondToPush(requestOf(simulator.openPlatform.pushTicket(componentAppId)));
    expect([reply.status, await reply.text(), reply.headers.get("content-type")]).toEqual([200, "success", "text/plain"]);
    await expect(receiver.ticket.status()).resolves.toMatchObject({ live: 1 });
  });

  test.each([
    ["another method", { method: "PUT" }, 405],
    ["a body beyond any push", { body: "a".repeat(65_537) }, 413],
    ["an empty body", { body: "" }, 400],
  ])("refuses %s", async (_title, init, status) => {
    const { node, simulator } = world();
    const reply = await node("a").respondToPush(requestOf(simulator.openPlatform.pushTicket(componentAppId), init));
    expect(reply.status).toBe(status);
  });

  test("refuses a GET, and a check of the URL that is not signed", async () => {
    const receiver = world().node("a");
    const get = (query: string): Promise<Response> => receiver.respondToPush(new Request(`https://example.com/?${query}`));
    expect((await get("")).status).toBe(405);
    expect((await get("echostr=AAAA&timestamp=1&nonce=1&msg_signature=00")).status).toBe(403);
  });
});

test.each([0, 999, 3_600_001, Number.NaN])("an age limit of %d ms is refused where it is given", (pushAgeMaxMs) => {
  expect(() => world().node("a", { pushAgeMaxMs })).toThrow(expect.objectContaining({ code: "CONFIGURATION", rule: "range" }));
});
