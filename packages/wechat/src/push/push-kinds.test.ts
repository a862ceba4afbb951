/** Every documented kind of push arrives once, and none is reported as unknown. */
import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import { manualClock, seededRandom } from "@lingpai/core/testing";
import { createSimulator } from "@lingpai/wechat-simulator";
import { afterEach, describe, expect, test } from "vitest";
import {
  componentAppId,
  encodingAesKey,
  messageToken,
  platformWorld,
  tenantAppId,
} from "../open-platform/platform-world.fixture.ts";
import { pushKinds } from "./push-kinds.ts";
import { wecomSuite } from "../wecom/wecom-suite.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

const success = { status: 200, body: "success" };
const kindsOf = (platform: string): readonly string[] =>
  pushKinds.filter((kind) => kind.platform === platform).map(({ infoType }) => infoType);
const tickets = ["component_verify_ticket", "suite_ticket"];

describe("a third-party platform", () => {
  test.each(kindsOf("open-platform").filter((kind) => !tickets.includes(kind)))(
    "hands on %s once",
    async (kind) => {
      const world = platformWorld();
      closing.push(world.close);
      const [told, unknown]: string[][] = [[], []];
      const node = world.node("a", {
        onMessage: (message) => void told!.push(message.infoType),
        onUnknown: (message) => void unknown!.push(message.infoType),
      });
      await world.pushTo(node);
      const now = Math.floor(world.clock.wallMs() / 1000);
      const { code } = world.simulator.openPlatform.authorize(componentAppId, tenantAppId);
      const brings = ["authorized", "updateauthorized"].includes(kind)
        ? `<AuthorizationCode>${code}</AuthorizationCode>`
        : "";
      const text = `<xml><AppId>${componentAppId}</AppId><CreateTime>${now}</CreateTime><InfoType>${kind}</InfoType><AuthorizerAppid>${tenantAppId}</AuthorizerAppid>${brings}</xml>`;
      for (const push of [text, text].map((each) =>
        world.simulator.openPlatform.push(componentAppId, each),
      )) {
        await expect(world.during(world.deliver(push, node))).resolves.toEqual(success);
      }
      expect({ told, unknown }).toEqual({ told: [kind], unknown: [] });
      if (brings !== "")
        expect((await world.during(node.tenant(tenantAppId).token())).length).toBeGreaterThan(0);
    },
  );

  test("keeps component_verify_ticket, and does not hand it on", async () => {
    const world = platformWorld();
    closing.push(world.close);
    const told: string[] = [];
    const node = world.node("a", { onMessage: ({ infoType }) => void told.push(infoType) });
    await expect(world.pushTo(node)).resolves.toEqual(success);
    expect((await node.ticket.get()).reveal().length).toBeGreaterThan(0);
    expect(told).toEqual([]);
  });
});

describe("a suite", () => {
  const suiteId = "ww4asffe99e54c0f4c";
  const corpId = "ww0123456789abcdef";

  test("has create_auth, change_auth and cancel_auth among its kinds", () => {
    expect(kindsOf("wecom")).toEqual(
      expect.arrayContaining(["create_auth", "change_auth", "cancel_auth"]),
    );
  });

  test.each(kindsOf("wecom"))("accepts %s once", async (kind) => {
    const clock = manualClock();
    const secret = "kP3-suite_secret_of_43_characters_xxxxxxxxx";
    const suites = [{ suiteId, secret, token: messageToken, encodingAesKey }];
    const simulator = createSimulator({ clock, random: seededRandom(3), suites });
    const store = memoryStore({ clock });
    const stores = { cache: memoryCache(store, { clock }), lock: memoryLock(store, { clock }) };
    const [told, unknown]: string[][] = [[], []];
    const suite = wecomSuite({
      ...{
        suiteId,
        secret,
        messageToken,
        encodingAesKey,
        environment: "prod",
        clock,
        fetch: simulator.fetch,
        random: seededRandom(4),
        ...stores,
      },
      onMessage: (message) => void told!.push(message.infoType),
      onUnknown: (message) => void unknown!.push(message.infoType),
    });
    closing.push(() => suite.close());
    await expect(suite.handlePush(simulator.suites.pushTicket(suiteId))).resolves.toEqual(success);
    if (kind === "suite_ticket") return expect(told).toEqual([]);
    const text = `<xml><SuiteId>${suiteId}</SuiteId><InfoType>${kind}</InfoType><TimeStamp>${Math.floor(clock.wallMs() / 1000)}</TimeStamp><AuthCorpId>${corpId}</AuthCorpId></xml>`;
    const push =
      kind === "reset_permanent_code"
        ? simulator.suites.pushReset(suiteId, corpId)
        : simulator.suites.push(suiteId, text);
    for (const arrival of [push, push]) {
      const taken = suite.handlePush(arrival);
      await clock.advance(1_000);
      await expect(taken).resolves.toEqual(success);
    }
    expect({ told, unknown }).toEqual({ told: [kind], unknown: [] });
  });
});
