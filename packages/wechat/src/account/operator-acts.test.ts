/**
 * The quota and an operator's actions, against the simulator. The platform's own counters and log
 * decide.
 */
import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import { during as letTimePass, manualClock, seededRandom } from "@lingpai/core/testing";
import type { ManualClock } from "@lingpai/core/testing";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Simulator, SimulatorOptions } from "@lingpai/wechat-simulator";
import { afterEach, describe, expect, test } from "vitest";
import { wechat } from "./wechat.ts";
import type { Wechat, WechatOptions } from "./wechat.ts";

const appId = "wx0123456789abcdef";
const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";
const paths = { plain: "/cgi-bin/token", stable: "/cgi-bin/stable_token" };
const info = "/cgi-bin/user/info?openid=o";
const dayMs = 86_400_000;
const open: Wechat[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

interface World {
  readonly clock: ManualClock;
  readonly simulator: Simulator;
  /** The times at which any node sent a forced fetch. */
  readonly forcedAtMs: readonly number[];
  node(name: string, options?: Partial<WechatOptions>): Wechat;
  during<T>(work: Promise<T>): Promise<T>;
}

function world(options: SimulatorOptions = {}): World {
  const clock = manualClock();
  const simulator = createSimulator({
    clock,
    random: seededRandom(7),
    accounts: [{ appId, secret }],
    latencyMs: 50,
    ...options,
  });
  const store = memoryStore({ clock });
  const forcedAtMs: number[] = [];
  return {
    clock,
    simulator,
    forcedAtMs,
    node(name, more = {}) {
      const reach = simulator.fetchAs({ caller: name });
      const fetch: typeof globalThis.fetch = (input, init) => {
        if (String(init?.body).includes('"force_refresh":true')) forcedAtMs.push(clock.worldMs());
        return reach(input, init);
      };
      const stores = { cache: memoryCache(store, { clock }), lock: memoryLock(store, { clock }) };
      const client = wechat({
        appId,
        secret,
        environment: "prod",
        node: name,
        fetch,
        clock,
        random: seededRandom(name),
        ...stores,
        ...more,
      });
      open.push(client);
      return client;
    },
    during: (work) => letTimePass(clock, work, 100),
  };
}

/** The errcode of a call that is made with exactly this token. */
async function codeOf({ simulator }: World, token: string): Promise<number> {
  return simulator.calls.call({ endpoint: "/cgi-bin/user/info", accessToken: token }).body.errcode;
}

describe("reconciling the ledger", () => {
  test.each(["plain", "stable"] as const)(
    "replaces the count of the %s token's fetches by the platform's, which includes foreign fetches",
    async (mode) => {
      const { clock, simulator, node, during } = world();
      const [a, b] = [node("a", { mode }), node("b", { mode })];
      await during(a.token());
      await clock.advance(60_000);
      for (let fetch = 0; fetch < 7; fetch += 1)
        simulator.operator.foreignIssue(appId, { kind: mode });
      await during(a.credential.refresh());
      const quota = await during(a.reconcileQuota());
      const perDay = mode === "plain" ? 2000 : 500_000;
      expect(quota).toEqual({ perDay, used: 9, remaining: perDay - 9 });
      expect(simulator.log.fetches(appId, paths[mode])).toHaveLength(9);
      await during(b.token());
      expect([a.status().quota.used, b.status().quota.used]).toEqual([9, 9]);
    },
  );

  test("makes a fleet stop at the account's actual limit", async () => {
    const { clock, simulator, node, during } = world({
      accounts: [{ appId, secret, testAccount: true }],
    });
    const client = node("a", { mode: "plain" });
    await during(client.token());
    simulator.operator.setQuota(appId, paths.plain, { perDay: 1 });
    await during(client.reconcileQuota());
    expect(client.status().quota).toEqual({ used: 2000, perDay: 2000 });
    await clock.advance(60_000);
    await expect(during(client.credential.refresh())).rejects.toMatchObject({
      code: "QUOTA_EXHAUSTED",
    });
    expect(simulator.log.fetches(appId).map(({ code }) => code)).toEqual([0]);
  });
});

describe("clearing the quota", () => {
  test("works without a token, and lets the fleet continue at once", async () => {
    const { simulator, node, during } = world();
    simulator.operator.setQuota(appId, paths.plain, { perDay: 1 });
    simulator.operator.foreignIssue(appId);
    const client = node("a", { mode: "plain" });
    await expect(during(client.token())).rejects.toMatchObject({
      code: expect.stringMatching(/QUOTA_EXHAUSTED|CREDENTIAL_UNAVAILABLE/),
    });
    const refused = simulator.log.fetches(appId, paths.plain).filter(({ code }) => code === 45009);
    expect(refused).toHaveLength(1);
    expect(client.status().quota.used).toBe(2000);
    await during(client.clearQuota());
    expect(client.status().quota.used).toBe(0);
    await during(client.token());
    expect(
      simulator.log
        .entries({ kind: "act", endpoint: "/cgi-bin/clear_quota/v2" })
        .map(({ code }) => code),
    ).toEqual([0]);
    expect(simulator.log.fetches(appId, paths.plain).at(-1)).toMatchObject({
      code: 0,
      caller: "a",
    });
  });

  test("is refused by the platform after ten times a month, and the error names the remedy", async () => {
    const { simulator, node, during } = world();
    const client = node("a");
    for (let time = 0; time < 10; time += 1) await during(client.clearQuota());
    const failed = during(client.clearQuota());
    await expect(failed).rejects.toMatchObject({
      code: "PLATFORM_REFUSED",
      errcode: 48006,
      retryable: false,
      message: expect.stringMatching(/next month/),
    });
    expect(simulator.log.entries({ endpoint: "/cgi-bin/clear_quota/v2" })).toHaveLength(11);
  });

  test("shows no secret, whatever the platform answers", async () => {
    const { simulator, node, during } = world();
    simulator.faults.next(
      { body: () => JSON.stringify({ errcode: 40125, errmsg: `bad ${secret}` }) },
      { endpoint: "/cgi-bin/clear_quota/v2" },
    );
    await expect(during(node("a").clearQuota())).rejects.toThrow(/bad \[redacted\]/);
  });

  test("is never done by Lingpai itself", async () => {
    const { clock, simulator, node, during } = world();
    simulator.operator.setQuota(appId, paths.stable, { perDay: 0 });
    const client = node("a");
    for (let call = 0; call < 5; call += 1) {
      await during(client.request(info)).catch(() => undefined);
      await clock.advance(3_600_000);
    }
    expect(simulator.log.entries({ kind: "act", endpoint: "/cgi-bin/clear_quota/v2" })).toEqual([]);
  });
});

describe("forced refreshes", () => {
  test("leave an operator four of the day's twenty, and are 30 s apart, however often a live token is refused", async () => {
    const { clock, simulator, node, during, forcedAtMs } = world({ overlapMs: 0 });
    const clients = [node("a"), node("b")];
    const condemned = new Set<string>();
    simulator.faults.always(({ endpoint, query }) =>
      (endpoint === "/cgi-bin/user/info" || endpoint === "/cgi-bin/getcallbackip") &&
      condemned.has(query.get("access_token") ?? "")
        ? { errcode: 40001 }
        : undefined,
    );
    for (let round = 0; round < 2 * 24 * 20; round += 1) {
      for (const client of clients) condemned.add(client.credential.peek()?.reveal() ?? "");
      await Promise.all(
        clients.map((client) => during(client.request(info)).catch(() => undefined)),
      );
      await clock.advance(150_000);
    }
    const dayOf = (atMs: number): number => Math.floor((atMs + 28_800_000) / dayMs);
    const perDay = Map.groupBy(forcedAtMs, dayOf);
    const counts = [...perDay.values()].map((day) => day.length);
    expect(Math.max(...counts)).toBe(16);
    const gaps = forcedAtMs.slice(1).map((atMs, index) => atMs - (forcedAtMs[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(30_000);
    // The platform granted each forced fetch: none came too soon, and none was wasted.
    const granted = simulator.log.issues(appId, paths.stable).map(({ atMs }) => atMs);
    expect(forcedAtMs.filter((atMs) => !granted.includes(atMs + 25))).toEqual([]);
  });

  test("that an operator requests are refused at the twenty-first of a day before anything is sent, and allowed the next day", async () => {
    const { clock, simulator, node, during, forcedAtMs } = world({ overlapMs: 0 });
    const client = node("a");
    await during(client.token());
    let refusals = 0;
    for (let time = 0; time < 24; time += 1) {
      await clock.advance(660_000);
      await during(client.credential.refresh()).catch((error: unknown) => {
        refusals += 1;
        expect(error).toMatchObject({ code: "QUOTA_EXHAUSTED" });
      });
    }
    expect([forcedAtMs.length, refusals]).toEqual([20, 4]);
    expect(simulator.log.issues(appId).length).toBe(21);
    await clock.advance(dayMs);
    await during(client.credential.refresh());
    expect(forcedAtMs).toHaveLength(21);
  });
});

test("revoking does not count a replacement that the platform skipped because of another forced fetch just before", async () => {
  const setting = world({ overlapMs: 300_000 });
  const { simulator, node, during } = setting;
  simulator.official.issueStable({ appId, secret });
  simulator.official.issueStable({ appId, secret, forceRefresh: true });
  const client = node("a");
  const leaked = await during(client.token());
  await during(client.revoke());
  expect(await codeOf(setting, leaked)).toBe(40001);
  expect(simulator.log.fetches(appId, paths.stable).map(({ reason }) => reason)).toEqual([
    "new",
    "new",
    "same",
    "same",
    "new",
    "new",
  ]);
});

describe.each(["plain", "stable"] as const)("revoking the %s token", (mode) => {
  test.each([0, 300_000])(
    "kills the leaked token permanently, with an overlap of %d ms, and no call of the fleet fails",
    async (overlapMs) => {
      const setting = world({ overlapMs });
      const { clock, simulator, node, during, forcedAtMs } = setting;
      const [a, b] = [node("a", { mode, overlapMs }), node("b", { mode, overlapMs })];
      const leaked = await during(a.token());
      await during(b.token());
      await clock.advance(60_000);
      expect(await codeOf(setting, leaked)).toBe(0);
      const revoked = during(a.revoke());
      const answers: unknown[] = [];
      for (let second = 0; second < 40; second += 1) answers.push(await during(b.request(info)));
      await revoked;
      expect(await codeOf(setting, leaked)).toBe(40001);
      expect(answers).toHaveLength(40);
      expect(simulator.log.issues(appId, paths[mode])).toHaveLength(3);
      if (mode === "stable")
        expect((forcedAtMs[1] ?? 0) - (forcedAtMs[0] ?? 0)).toBeGreaterThanOrEqual(30_000);
      await expect(during(a.request(info))).resolves.toMatchObject({ openid: "o" });
    },
  );

  test("waits out a temporary obstacle, and reports one that remains", async () => {
    const setting = world({ overlapMs: 300_000 });
    const { clock, simulator, node, during } = setting;
    const client = node("a", { mode });
    const leaked = await during(client.token());
    await clock.advance(60_000);
    for (let refresh = 0; refresh < 2; refresh += 1) {
      await during(client.credential.refresh());
      await clock.advance(31_000);
    }
    await during(client.revoke());
    expect(await codeOf(setting, leaked)).toBe(40001);
    simulator.operator.freeze(appId);
    await expect(during(client.revoke())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
    });
  });

  test("ends when the caller aborts", async () => {
    const { node, during, clock } = world();
    const client = node("a", { mode });
    await during(client.token());
    const leaving = new AbortController();
    const revoked = client.revoke({ signal: leaving.signal });
    revoked.catch(() => undefined);
    await clock.settle();
    leaving.abort(new Error("gone"));
    await expect(during(revoked)).rejects.toThrow("gone");
  });
});
