/**
 * The platform's messages, as a fleet handles them: each at least once, one at a time, and answered
 * in time.
 */
import { faultPlan, faultyCache } from "@lingpai/core/testing";
import { memoryCache } from "@lingpai/adapter-memory";
import { afterEach, describe, expect, test } from "vitest";
import {
  componentAppId,
  platformWorld,
  tenantAppId,
} from "../open-platform/platform-world.fixture.ts";
import type { PlatformWorld } from "../open-platform/platform-world.fixture.ts";
import type { PushMessage } from "./push-message.ts";

const taken = { status: 200, body: "success" };
const tryAgain = { status: 503, body: "try again" };
const open: PlatformWorld[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((world) => world.close()));
});

function world(): PlatformWorld {
  const made = platformWorld();
  open.push(made);
  return made;
}

const text = (name: string): string =>
  `<xml><AppId>${componentAppId}</AppId><InfoType>notify_third_fasteregister</InfoType><info><name><![CDATA[${name}]]></name></info></xml>`;

/** Work that ends when the test says so. */
function slowWork(): { onMessage(): Promise<void>; calls: number; finish(): void; fail(): void } {
  const ends: PromiseWithResolvers<void>[] = [];
  const work = {
    calls: 0,
    onMessage(): Promise<void> {
      work.calls += 1;
      const end = Promise.withResolvers<void>();
      ends.push(end);
      return end.promise;
    },
    finish: () => ends.shift()?.resolve(),
    fail: () => ends.shift()?.reject(new Error("the database is down")),
  };
  return work;
}

describe("a message", () => {
  test("is handed to the application once, on whichever node it arrives, and however often it comes or is encrypted", async () => {
    const messages: PushMessage[] = [];
    const onMessage = (message: PushMessage): void => void messages.push(message);
    const { node, deliver, simulator, pushTo, during } = world();
    const [a, b] = [node("a", { onMessage }), node("b", { onMessage })];
    await pushTo(a);
    const { push, code } = simulator.openPlatform.authorize(componentAppId, tenantAppId);
    const anew = simulator.openPlatform.push(componentAppId, push.text);
    expect(anew.body).not.toBe(push.body);
    for (const [each, receiver] of [
      [push, a],
      [push, b],
      [anew, b],
      [anew, a],
    ] as const)
      await expect(during(deliver(each, receiver))).resolves.toEqual(taken);
    await deliver(simulator.openPlatform.unauthorize(componentAppId, tenantAppId), b);
    expect(
      messages.map(({ infoType, fields }) => [
        infoType,
        fields.get("AuthorizerAppid"),
        fields.get("AuthorizationCode"),
      ]),
    ).toEqual([
      ["authorized", tenantAppId, code],
      ["unauthorized", tenantAppId, undefined],
    ]);
  });

  test("that arrives again, or encrypted again, during its handling is acknowledged and not handled", async () => {
    const work = slowWork();
    const { node, deliver, simulator, clock } = world();
    const [a, b] = [
      node("a", { onMessage: work.onMessage }),
      node("b", { onMessage: work.onMessage }),
    ];
    const first = deliver(simulator.openPlatform.push(componentAppId, text("x")), a);
    for (const receiver of [a, b]) {
      await expect(
        deliver(simulator.openPlatform.push(componentAppId, text("x")), receiver),
      ).resolves.toEqual(taken);
    }
    // Longer than an unrenewed reservation.
    await clock.advance(120_000);
    await expect(
      deliver(simulator.openPlatform.push(componentAppId, text("x")), b),
    ).resolves.toEqual(taken);
    expect(work.calls).toBe(1);
    work.finish();
    await expect(first).resolves.toEqual(taken);
    await clock.advance(23 * 3_600_000);
    await expect(
      deliver(simulator.openPlatform.push(componentAppId, text("x")), b),
    ).resolves.toEqual(taken);
    expect(work.calls).toBe(1);
  });

  test("whose handler throws is free at once, and the platform sends it again", async () => {
    const work = slowWork();
    const { node, deliver, simulator } = world();
    const [a, b] = [
      node("a", { onMessage: work.onMessage }),
      node("b", { onMessage: work.onMessage }),
    ];
    const first = deliver(simulator.openPlatform.push(componentAppId, text("x")), a);
    await Promise.resolve();
    for (let turn = 0; turn < 50 && work.calls === 0; turn += 1) await Promise.resolve();
    work.fail();
    await expect(first).resolves.toEqual(tryAgain);
    const second = deliver(simulator.openPlatform.push(componentAppId, text("x")), b);
    for (let turn = 0; turn < 50 && work.calls === 1; turn += 1) await Promise.resolve();
    work.finish();
    await expect(second).resolves.toEqual(taken);
    expect(work.calls).toBe(2);
  });

  test("whose process dies before the response is free after half a minute", async () => {
    const work = slowWork();
    const { node, deliver, simulator, clock, store } = world();
    const faults = faultPlan({ clock });
    const dying = node("dying", {
      onMessage: work.onMessage,
      cache: faultyCache(memoryCache(store, { clock }), faults),
    });
    void deliver(simulator.openPlatform.push(componentAppId, text("x")), dying);
    await clock.advance(1_000);
    faults.unreachable = true;
    await clock.advance(31_000);
    const again = deliver(
      simulator.openPlatform.push(componentAppId, text("x")),
      node("b", { onMessage: () => void (work.calls += 1) }),
    );
    await expect(again).resolves.toEqual(taken);
    expect(work.calls).toBe(2);
  });

  test("whose process dies before the response is not lost if it comes again at once: it is acknowledged, and handled later", async () => {
    const { node, deliver, simulator, clock, store } = world();
    const faults = faultPlan({ clock });
    const dying = node("dying", {
      onMessage: () => new Promise(() => {}),
      cache: faultyCache(memoryCache(store, { clock }), faults),
    });
    void deliver(simulator.openPlatform.push(componentAppId, text("x")), dying);
    await clock.advance(1_000);
    faults.unreachable = true;
    const messages: PushMessage[] = [];
    const survivor = node("b", { onMessage: (message) => void messages.push(message) });
    await expect(
      deliver(simulator.openPlatform.push(componentAppId, text("x")), survivor),
    ).resolves.toEqual(taken);
    expect(messages).toEqual([]);
    await clock.advance(200_000);
    expect(messages).toHaveLength(1);
  });

  test("stays reserved by the node that handles it, even if the store's reply is lost", async () => {
    const work = slowWork();
    const { node, deliver, simulator, clock, store } = world();
    const faults = faultPlan({ clock });
    const a = node("a", {
      onMessage: work.onMessage,
      cache: faultyCache(memoryCache(store, { clock }), faults),
    });
    void deliver(simulator.openPlatform.push(componentAppId, text("x")), a);
    await clock.advance(5_000);
    faults.next("set", "fail-after");
    await clock.advance(120_000);
    await deliver(
      simulator.openPlatform.push(componentAppId, text("x")),
      node("b", { onMessage: work.onMessage }),
    );
    expect(work.calls).toBe(1);
    work.finish();
  });

  test("that takes long is answered in time, handled afterwards, and not sent again", async () => {
    const work = slowWork();
    const { node, deliver, simulator, clock } = world();
    let answeredAtMs: number | undefined;
    const startedMs = clock.worldMs();
    const answer = deliver(
      simulator.openPlatform.push(componentAppId, text("x")),
      node("a", { onMessage: work.onMessage }),
    ).then((reply) => {
      answeredAtMs = clock.worldMs() - startedMs;
      return reply;
    });
    await clock.advance(4_900);
    await expect(answer).resolves.toEqual(taken);
    expect(answeredAtMs).toBe(4_000);
    expect(work.calls).toBe(1);
    work.finish();
    await clock.advance(300_000);
    expect(work.calls).toBe(1);
  });

  test("that fails after its response is reported, and comes again a minute later, to one node at a time, until it succeeds", async () => {
    const work = slowWork();
    const failures: string[] = [];
    const onFailed = (error: unknown, message: PushMessage): void =>
      void failures.push(`${message.infoType}: ${String(error)}`);
    const { node, deliver, simulator, clock } = world();
    const answer = deliver(
      simulator.openPlatform.push(componentAppId, text("x")),
      node("a", { onMessage: work.onMessage, onFailed }),
    );
    await clock.advance(5_000);
    await expect(answer).resolves.toEqual(taken);
    work.fail();
    await clock.advance(61_000);
    expect([work.calls, failures]).toEqual([
      2,
      ["notify_third_fasteregister: Error: the database is down"],
    ]);
    work.finish();
    await clock.advance(3_600_000);
    expect(work.calls).toBe(2);
  });

  test("whose process dies after its response is taken over by another process", async () => {
    const work = slowWork();
    const { node, deliver, simulator, clock, pushTo, store } = world();
    const faults = faultPlan({ clock });
    const dying = node("dying", {
      onMessage: work.onMessage,
      cache: faultyCache(memoryCache(store, { clock }), faults),
    });
    const answer = deliver(simulator.openPlatform.push(componentAppId, text("x")), dying);
    await clock.advance(5_000);
    await expect(answer).resolves.toEqual(taken);
    // A dead process renews nothing.
    faults.unreachable = true;
    const messages: PushMessage[] = [];
    const survivor = node("b", { onMessage: (message) => void messages.push(message) });
    await pushTo(survivor);
    await deliver(simulator.openPlatform.push(componentAppId, text("another")), survivor);
    await clock.advance(200_000);
    expect(messages.map(({ content }) => content["info"])).toContainEqual({ name: "x" });
  });

  test("is requested again if the store cannot reserve it, and nothing is done", async () => {
    const work = slowWork();
    const { node, deliver, simulator, clock, store } = world();
    const faults = faultPlan({ clock });
    const receiver = node("a", {
      onMessage: work.onMessage,
      cache: faultyCache(memoryCache(store, { clock }), faults),
    });
    faults.unreachable = true;
    await expect(
      deliver(simulator.openPlatform.push(componentAppId, text("x")), receiver),
    ).resolves.toEqual(tryAgain);
    expect(work.calls).toBe(0);
  });

  test.each([
    ["of a kind that is not documented", "<xml><InfoType>notify_of_tomorrow</InfoType></xml>"],
    ["without a kind", "<xml><Event>x</Event></xml>"],
  ])("%s is acknowledged, handed on and reported", async (_title, odd) => {
    const [unknown, messages]: [string[], string[]] = [[], []];
    const { node, deliver, simulator } = world();
    const receiver = node("a", {
      onUnknown: ({ text: it }) => void unknown.push(it),
      onMessage: ({ text: it }) => void messages.push(it),
    });
    await expect(
      deliver(simulator.openPlatform.push(componentAppId, odd), receiver),
    ).resolves.toEqual(taken);
    expect([unknown, messages]).toEqual([[odd], [odd]]);
  });

  test("is acknowledged and reported if there is no handler", async () => {
    const unknown: string[] = [];
    const { node, deliver, simulator } = world();
    const receiver = node("a", { onUnknown: ({ infoType }) => void unknown.push(infoType) });
    await expect(
      deliver(simulator.openPlatform.push(componentAppId, text("x")), receiver),
    ).resolves.toEqual(taken);
    expect(unknown).toEqual(["notify_third_fasteregister"]);
  });

  test.each(["success", "<xml><A>a</xml>", '<!DOCTYPE a [<!ENTITY b "c">]><xml><A>&b;</A></xml>'])(
    "that is authentic but unreadable is refused: %j",
    async (unreadable) => {
      const { node, deliver, simulator } = world();
      const push = simulator.openPlatform.push(componentAppId, unreadable);
      await expect(deliver(push, node("a"))).resolves.toEqual({
        status: 400,
        body: "refused: content",
      });
    },
  );

  test("in JSON is opened from a JSON body", async () => {
    const messages: PushMessage[] = [];
    const { node, deliver, simulator } = world();
    const push = simulator.openPlatform.push(
      componentAppId,
      '{"InfoType":"notify_third_fasteregister","status":0}',
      { format: "json" },
    );
    await expect(
      deliver(push, node("a", { onMessage: (message) => void messages.push(message) })),
    ).resolves.toEqual(taken);
    expect(messages).toMatchObject([
      { format: "json", infoType: "notify_third_fasteregister", content: { status: 0 } },
    ]);
  });

  test("is opened for the receivers that the options name, and for no other", async () => {
    const { node, deliver, simulator } = world();
    const sealedFor = (receiver: string): ReturnType<typeof deliver> =>
      deliver(simulator.openPlatform.push(componentAppId, text(receiver), { receiver }), named);
    const named = node("a", { receivers: ["", "ww0123456789abcdef"] });
    await expect(sealedFor("")).resolves.toEqual(taken);
    await expect(sealedFor("ww0123456789abcdef")).resolves.toEqual(taken);
    await expect(sealedFor(componentAppId)).resolves.toEqual({
      status: 403,
      body: "refused: receiver",
    });
    const any = node("b", { receivers: (receiver) => receiver.startsWith("wp") });
    await expect(
      deliver(simulator.openPlatform.push(componentAppId, text("c"), { receiver: "wpXyZ" }), any),
    ).resolves.toEqual(taken);
  });
});
