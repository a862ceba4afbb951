/**
 * A third-party platform on a day with all faults that the simulator's chaos draws, in requests and
 * in pushes. Every message is handled, and the fleet recovers.
 */
import { seededRandom } from "@lingpai/core/testing";
import { chaos, pushChaos, startPushes } from "@lingpai/wechat-simulator";
import { expect, test } from "vitest";
import { componentAppId, platformWorld, tenantAppId } from "./platform-world.fixture.ts";

const hourMs = 3_600_000;

test.each([1, 2, 3])(
  "a day of chaos loses no message and no tenant, and each message is handed on once (seed %d)",
  async (seed) => {
    const handled: string[] = [];
    const world = platformWorld({ rotateRefreshToken: "always", refreshTokenSources: ["info"] });
    const onMessage = (message: { readonly text: string }): void => void handled.push(message.text);
    const [a, b] = [world.node("a", { onMessage }), world.node("b", { onMessage })];
    const { clock, simulator } = world;
    const random = seededRandom(seed);
    const deliveries = pushChaos({
      random,
      seal: (text, more) => simulator.openPlatform.push(componentAppId, text, more),
    });
    const bring = async (push: Parameters<typeof world.deliver>[0]): Promise<boolean> =>
      (await world.deliver(push, random.next() < 0.5 ? a : b)).status === 200;
    await world.authorise(a);
    simulator.faults.always(chaos({ random, rate: 0.2 }));
    const stopTickets = startPushes(simulator, {
      make: () => simulator.openPlatform.pushTicket(componentAppId),
      bring,
      deliveries,
    });
    const made: string[] = [];
    const stopMessages = startPushes(simulator, {
      make: () => {
        const push = simulator.openPlatform.authorize(componentAppId, tenantAppId).push;
        made.push(push.text);
        return push;
      },
      bring: async (push) => {
        // The platform sends a message again that was not accepted.
        for (let times = 0; times < 3; times += 1) if (await bring(push)) return true;
        return false;
      },
      deliveries,
      everyMs: hourMs,
    });
    for (let minutes = 0; minutes < 24 * 60; minutes += 20) {
      for (const node of [a, b])
        node
          .tenant(tenantAppId)
          .request("/cgi-bin/user/info", { query: { openid: "o" } })
          .catch(() => undefined);
      await clock.advance(20 * 60_000);
    }
    stopTickets();
    stopMessages();
    simulator.faults.clear();
    await clock.advance(600_000);
    expect(made.length).toBeGreaterThanOrEqual(24);
    const idOf = (text: string): string =>
      /<AuthorizationCode>\s*<!\[CDATA\[(.*?)\]\]>/.exec(text)?.[1] ?? "";
    expect(handled.map(idOf).toSorted()).toEqual(made.map(idOf).toSorted());
    for (const node of [a, b]) {
      const answer = node
        .tenant(tenantAppId)
        .request("/cgi-bin/user/info", { query: { openid: "o" } });
      await expect(world.during(answer)).resolves.toMatchObject({ openid: "o" });
    }
    await world.close();
  },
);
