/**
 * A day of JS-SDK signatures, judged by the platform. It returns one ticket for its whole lifetime
 * and always says that 7200 s are left, so only its own log shows which signatures were dead.
 */
import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import { credential } from "@lingpai/core";
import type { Credential, CredentialEvent } from "@lingpai/core";
import { manualClock, seededRandom } from "@lingpai/core/testing";
import type { ManualClock } from "@lingpai/core/testing";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Simulator } from "@lingpai/wechat-simulator";
import { afterEach, describe, expect, test } from "vitest";
import { ticket, wecomTicket } from "./ticket.ts";
import { stableToken } from "../tokens/stable-token.ts";
import { wecomToken } from "../wecom/wecom-token.ts";

const appId = "wx0123456789abcdef";
const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";
const corpId = "ww0123456789abcdef";
const corpSecret = "corp-secret-0123456789";
const hourMs = 3_600_000;
const open: Credential[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

interface World {
  readonly clock: ManualClock;
  readonly simulator: Simulator;
  /** The ticket's credential on another node of the fleet. */
  node(name: string): Credential;
  readonly events: CredentialEvent[];
  /** Deletes everything that the fleet has stored. */
  flush(): Promise<void>;
  /**
   * Lets time pass, and signs on every node every `everyMs`. Returns how many signatures there
   * were, and how many were dead.
   */
  sign(
    nodes: readonly Credential[],
    ms: number,
    everyMs?: number,
  ): Promise<{ signed: number; dead: number }>;
  asked(): number;
}

function world(platform: "wechat" | "wecom", seed: string | number = 1): World {
  const clock = manualClock();
  const corps = [{ corpId, apps: [{ agentId: "1", secret: corpSecret }] }];
  const simulator = createSimulator({
    clock,
    random: seededRandom(seed),
    accounts: [{ appId, secret }],
    corps,
    latencyMs: [20, 90],
  });
  const store = memoryStore({ clock });
  const events: CredentialEvent[] = [];
  const endpoint =
    platform === "wechat" ? "/cgi-bin/ticket/getticket" : "/cgi-bin/get_jsapi_ticket";
  return {
    clock,
    simulator,
    events,
    node(name) {
      const cache = memoryCache(store, { clock });
      const shared = {
        environment: "prod",
        cache,
        lock: memoryLock(store, { clock }),
        clock,
        node: name,
        random: seededRandom(name),
      };
      const fetch = simulator.fetchAs({ caller: name });
      const issuers =
        platform === "wechat"
          ? {
              token: stableToken({ appId, secret, fetch, clock }),
              ticket: ticket({ appId, type: "jsapi", fetch, clock }),
            }
          : {
              token: wecomToken({ corpId, app: "1", secret: corpSecret, fetch, clock }),
              ticket: wecomTicket({ corpId, app: "1", type: "jsapi", fetch, clock }),
            };
      const parent = credential({ ...shared, issuer: issuers.token });
      const made = credential({ ...shared, issuer: issuers.ticket, parent });
      made.watch((event) => events.push(event));
      open.push(parent, made);
      return made;
    },
    async flush() {
      await memoryCache(store, { clock }).withPrefix("prod").clear();
    },
    async sign(nodes, ms, everyMs = 30_000) {
      let [signed, dead] = [0, 0];
      for (let passed = 0; passed < ms; passed += everyMs) {
        const signatures = nodes.map((each) =>
          each.get().then((text) => {
            signed += 1;
            if (simulator.operator.inspect(text.reveal())?.alive !== true) dead += 1;
          }),
        );
        await clock.advance(everyMs);
        await Promise.all(signatures);
      }
      return { signed, dead };
    },
    asked: () => simulator.log.fetches().filter((entry) => entry.endpoint === endpoint).length,
  };
}

/** Another environment requests the ticket. */
async function foreignTicket(
  { simulator, clock }: World,
  platform: "wechat" | "wecom",
): Promise<void> {
  const fetched = async (url: string): Promise<Record<string, string>> => {
    const answer = simulator.fetch(url);
    await clock.advance(200);
    return (await answer).json() as Promise<Record<string, string>>;
  };
  const host = `https://${platform === "wechat" ? "api" : "qyapi"}.weixin.qq.com/cgi-bin`;
  if (platform === "wechat") {
    await fetched(
      `${host}/ticket/getticket?type=jsapi&access_token=${simulator.operator.foreignIssue(appId)}`,
    );
    return;
  }
  const { access_token: token } = await fetched(
    `${host}/gettoken?corpid=${corpId}&corpsecret=${corpSecret}`,
  );
  await fetched(`${host}/get_jsapi_ticket?access_token=${token}`);
}

const confirmMs = { wechat: 10_000, wecom: 120_000 } as const;

describe.each(["wechat", "wecom"] as const)("a day of signatures with a %s ticket", (platform) => {
  /** A WeCom token may end while a token request is in flight. */
  const isWithinLimits = (simulator: Simulator): boolean =>
    simulator.log.fetches().every(({ code }) => code === 0 || code === 42001);

  test("has no dead one on two nodes that start cold, and stays within the endpoint's limit", async () => {
    const { node, sign, asked, events, simulator } = world(platform);
    await expect(sign([node("a"), node("b")], 24 * hourMs)).resolves.toEqual({
      signed: 2 * 2880,
      dead: 0,
    });
    expect(isWithinLimits(simulator)).toBe(true);
    // Two hours of requests until the first change was seen, then about one a lifetime.
    expect(asked()).toBeLessThan((2 * hourMs) / confirmMs[platform] + 500);
    expect(events.filter(({ type }) => type === "age-unknown")).toHaveLength(1);
  });

  test("has no dead one while another environment requests the same ticket all day, and the store is flushed twice", async () => {
    const platformWorld = world(platform, "foreign");
    const { node, sign, flush, simulator } = platformWorld;
    const [nodes, random] = [[node("a"), node("b")], seededRandom("foreign")];
    await sign(nodes, 2 * hourMs + 60_000);
    let dead = 0;
    for (let stretch = 0; stretch < 44; stretch += 1) {
      await foreignTicket(platformWorld, platform);
      if (stretch === 9 || stretch === 30) await flush();
      dead += (await sign(nodes, 60_000 * Math.ceil(60 * random.next()))).dead;
    }
    expect(dead).toBe(0);
    expect(isWithinLimits(simulator)).toBe(true);
  });

  test("that begins with a ticket of unknown age reports that, and has dead ones once, for no longer than one interval between requests", async () => {
    const platformWorld = world(platform, "cold");
    const { node, sign, clock, simulator, events } = platformWorld;
    await foreignTicket(platformWorld, platform);
    await clock.advance(6_000_000);
    const nodes = [node("a")];
    const { dead } = await sign(nodes, hourMs, 1_000);
    expect(dead).toBeLessThanOrEqual(confirmMs[platform] / 1_000);
    expect(events.filter(({ type }) => type === "age-unknown")).toMatchObject([
      { confirmMs: confirmMs[platform] },
    ]);
    // The fleet has seen one change. It knows the end of that ticket to within the interval between
    // two requests, and those of later ones to the second.
    expect((await sign(nodes, 2 * hourMs, 20_000)).dead).toBe(0);
    expect((await sign(nodes, 6 * hourMs, 60_000)).dead).toBe(0);
    expect(isWithinLimits(simulator)).toBe(true);
  });
});

test("a restart of every node with an empty store finds the old text, and reports that its age is unknown", async () => {
  const { node, sign, flush, events, asked } = world("wechat", "restart");
  await sign([node("a"), node("b")], 3 * hourMs, 60_000);
  await Promise.all(open.splice(0).map((each) => each.close()));
  await flush();
  const [asks, told] = [asked(), events.filter(({ type }) => type === "age-unknown").length];
  await expect(sign([node("c"), node("d")], 10 * 60_000, 10_000)).resolves.toEqual({
    dead: 0,
    signed: 120,
  });
  expect(asked() - asks).toBeGreaterThanOrEqual(60);
  expect(events.filter(({ type }) => type === "age-unknown").length - told).toBe(1);
});
