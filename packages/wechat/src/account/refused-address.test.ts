import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import type { CredentialOptions } from "@lingpai/core";
import { manualClock, seededRandom } from "@lingpai/core/testing";
import { createSimulator } from "@lingpai/wechat-simulator";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Fetch } from "../transport/fetch.ts";
import { wechat } from "./wechat.ts";
import { wecom } from "../wecom/wecom.ts";

const minuteMs = 60_000;
const account = { appId: "wx0123456789abcdef", secret: "0123456789abcdef0123456789abcdef" };
const corpId = "ww0123456789abcdef";
const app = { agentId: "1000002", secret: "kP3-app_secret_of_a_corp_that_is_43_chars_x" };

type Shared = Pick<
  CredentialOptions,
  "cache" | "lock" | "environment" | "node" | "clock" | "random"
> & { readonly fetch: Fetch };

const platforms = {
  plain: {
    path: "/cgi-bin/token",
    open: (shared: Shared) => wechat({ ...account, ...shared, mode: "plain" }),
  },
  stable: {
    path: "/cgi-bin/stable_token",
    open: (shared: Shared) => wechat({ ...account, ...shared, mode: "stable" }),
  },
  wecom: {
    path: "/cgi-bin/gettoken",
    open: (shared: Shared) => wecom({ corpId, app: app.agentId, secret: app.secret, ...shared }),
  },
} as const;

/** A platform that refuses the addresses of some nodes. The nodes differ in nothing else. */
function world(platform: keyof typeof platforms, errcode: number) {
  const clock = manualClock();
  const simulator = createSimulator({
    accounts: [account],
    corps: [{ corpId, apps: [app] }],
    clock,
    nowMs: () => clock.worldMs(),
    random: seededRandom(1),
  });
  const store = memoryStore({ clock });
  const { open, path } = platforms[platform];
  const refused = new Set<string>();
  const asked: { readonly node: string; readonly atMs: number }[] = [];
  const node = (name: string): ReturnType<typeof open> => {
    const fetch: Fetch = async (input, init) => {
      const { pathname } = new URL(input instanceof Request ? input.url : input);
      if (pathname !== path) return simulator.fetch(input, init);
      asked.push({ node: name, atMs: clock.monotonicMs() });
      return refused.has(name)
        ? Response.json({ errcode, errmsg: "not from this address" })
        : simulator.fetch(input, init);
    };
    const random = seededRandom(name);
    const stores = { cache: memoryCache(store, { clock }), lock: memoryLock(store, { clock }) };
    const client = open({ ...stores, environment: "prod", node: name, clock, random, fetch });
    onTestFinished(() => client.close());
    return client;
  };
  const during = async <T>(work: Promise<T>, ms: number): Promise<T | Error> => {
    const settled = work.catch((error: Error) => error);
    await clock.advance(ms);
    return settled;
  };
  return { asked, clock, during, node, refused };
}

describe("a node whose address the platform refuses", () => {
  test.each([
    ...[40164, 61004, 89501, 89503, 89506, 89507].flatMap((errcode) => [
      ["plain", errcode] as const,
      ["stable", errcode] as const,
    ]),
    ["wecom", 60020] as const,
  ])(
    "blocks only itself, and the next node fetches at once and serves it too: %s token, %d",
    async (platform, errcode) => {
      const { asked, during, node, refused } = world(platform, errcode);
      refused.add("n0");
      const [one, two] = [node("n0"), node("n1")];
      expect(await during(one.token(), 500)).toMatchObject({
        code: "CREDENTIAL_UNAVAILABLE",
        reason: "refused",
        retryAfterMs: expect.toSatisfy((ms: number) => ms > 0 && ms <= minuteMs),
        cause: { platformCode: String(errcode), scope: "node" },
      });
      // The nodes leave a second between each other's attempts.
      const token = await during(two.token(), 1_500);
      expect(token).not.toBeInstanceOf(Error);
      expect(await during(one.token(), 100)).toEqual(token);
      expect(asked.map(({ node: name }) => name)).toEqual(["n0", "n1"]);
    },
  );

  test.each([
    ["plain", 40164],
    ["stable", 89506],
    ["wecom", 60020],
  ] as const)(
    "tries again at the pace for manual corrections, each node for itself, and notices the correction: %s token, %d",
    async (platform, errcode) => {
      const { asked, clock, during, node, refused } = world(platform, errcode);
      const names = ["n0", "n1", "n2"];
      names.forEach((name) => refused.add(name));
      const nodes = names.map((name) => node(name));
      for (const each of nodes)
        expect(await during(each.token(), 2_000)).toMatchObject({ reason: "refused" });
      await clock.advance(20 * minuteMs);
      for (const name of names) {
        const instants = asked.filter((each) => each.node === name).map(({ atMs }) => atMs);
        const [first, ...later] = instants
          .slice(1)
          .map((instant, index) => instant - instants[index]!);
        expect(first).toBeGreaterThanOrEqual(minuteMs);
        expect(first).toBeLessThanOrEqual(1.2 * minuteMs);
        expect(later.length).toBeGreaterThanOrEqual(2);
        expect(Math.min(...later)).toBeGreaterThanOrEqual(7 * minuteMs);
        expect(Math.max(...later)).toBeLessThanOrEqual(9 * minuteMs);
      }
      refused.delete("n1");
      await clock.advance(10 * minuteMs - 2_000);
      const [first, mended, last] = nodes;
      for (const each of [mended!, first!, last!])
        expect(await during(each.token(), 600)).not.toBeInstanceOf(Error);
    },
  );
});
