/**
 * Requirement 1 of the incident, where no store is shared. An environment can then only notice the
 * other one, report the evidence, and not make it worse. Virtual time.
 */
import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import type { CredentialEvent } from "@lingpai/core";
import { manualClock, seededRandom } from "@lingpai/core/testing";
import type { ManualClock } from "@lingpai/core/testing";
import { wechat } from "@lingpai/wechat";
import type { Wechat } from "@lingpai/wechat";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Simulator } from "@lingpai/wechat-simulator";
import { describe, expect, test } from "vitest";
import { appOptions, inStore } from "./app-options.ts";
import { loadConfig } from "./live/open-config.ts";
import { objectSource } from "./sources/object.ts";
import { appId, secret } from "./world.fixture.ts";

interface Deployment {
  readonly client: Wechat;
  readonly events: CredentialEvent[];
}

/** A process of an environment with a store of its own. */
async function deploy(
  environment: string,
  { clock, simulator }: { clock: ManualClock; simulator: Simulator },
  app: object = {},
): Promise<Deployment> {
  const source = objectSource({
    apps: { main: { appId, secret, mode: "plain", overlapMs: 0, ...app } },
  });
  const config = await loadConfig({ environment, sources: [source], clock });
  const store = memoryStore({ clock });
  const client = wechat({
    ...appOptions(config, "main"),
    ...inStore(config, {
      cache: memoryCache(store, { clock }),
      lock: memoryLock(store, { clock }),
    }),
    fetch: simulator.fetchAs({ caller: environment }),
    clock,
    random: seededRandom(environment),
  });
  const events: CredentialEvent[] = [];
  client.credential.watch((event) => events.push(event));
  return { client, events };
}

function world(): { clock: ManualClock; simulator: Simulator } {
  const clock = manualClock();
  return {
    clock,
    simulator: createSimulator({
      clock,
      random: seededRandom(7),
      accounts: [{ appId, secret }],
      overlapMs: 0,
      latencyMs: 50,
    }),
  };
}

const path = "/cgi-bin/user/info?openid=o";

/**
 * The platform's quota, and the share of it that conflicts may use. The benches of wars prove the
 * whole day in virtual time.
 */
const quotaPerDay = 2_000;
const refusalShare = 0.6;
const hours = 4;

describe("requirement 1: environments that share an AppID without a common store", () => {
  test("notice a foreign refresh and report it with its evidence and the remedy", async () => {
    const { clock, simulator } = world();
    const prod = await deploy("prod", { clock, simulator });
    const staging = await deploy("staging", { clock, simulator });
    const during = async <T>(work: Promise<T>): Promise<T> => {
      await clock.advance(30_000);
      return work;
    };
    await during(prod.client.request(path));
    await clock.advance(600_000);
    await during(staging.client.token());
    await expect(during(prod.client.request(path))).resolves.toMatchObject({ openid: "o" });
    const [evidence] = prod.events.filter(({ type }) => type === "contended");
    expect(evidence).toMatchObject({
      type: "contended",
      state: "suspected",
      environment: "prod",
      credential: `wechat:plain:${appId}`,
    });
    expect(evidence).toMatchObject({
      ageMs: expect.any(Number),
      remainingMs: expect.any(Number),
      count: 1,
      fingerprint: expect.stringMatching(/^.{8}$/),
    });
    expect(evidence?.type === "contended" && evidence.remedy).toMatch(/AppID|stable/);
    expect(evidence?.type === "contended" && evidence.ageMs).toBeGreaterThan(600_000);
    await Promise.all([prod.client.close(), staging.client.close()]);
  });

  test("use at most 60 % of the quota in 4 h against a refresh every 10 s, and go on working", async () => {
    const { clock, simulator } = world();
    const prod = await deploy("prod", { clock, simulator }, { parameters: { waitMs: 1_000 } });
    let served = 0;
    let refused = 0;
    for (let second = 0; second < hours * 3_600; second += 10) {
      simulator.operator.foreignIssue(appId, { caller: "staging" });
      prod.client.request(path).then(
        () => (served += 1),
        () => (refused += 1),
      );
      await clock.advance(10_000);
    }
    const fetches = simulator.log.fetches(appId).filter(({ caller }) => caller === "prod");
    expect(fetches.length).toBeLessThanOrEqual(refusalShare * quotaPerDay);
    expect(served).toBeGreaterThan(20);
    expect(served + refused).toBe(hours * 360);
    expect(
      prod.events.some((event) => event.type === "contended" && event.state === "confirmed"),
    ).toBe(true);
    expect(JSON.stringify(prod.events)).not.toContain(secret.slice(0, 8));
    await prod.client.close();
  }, 60_000);

  test("use at most 60 % of the quota each, and both report the other", async () => {
    const { clock, simulator } = world();
    const short = { parameters: { waitMs: 1_000 } };
    const both = [
      await deploy("prod", { clock, simulator }, short),
      await deploy("staging", { clock, simulator }, short),
    ];
    for (let second = 0; second < hours * 3_600; second += 20) {
      for (const { client } of both) client.request(path).catch(() => undefined);
      await clock.advance(20_000);
    }
    for (const environment of ["prod", "staging"]) {
      const fetches = simulator.log.fetches(appId).filter(({ caller }) => caller === environment);
      expect(fetches.length).toBeLessThanOrEqual(refusalShare * quotaPerDay);
    }
    expect(
      both.map(({ events }) =>
        events.some((event) => event.type === "contended" && event.state === "confirmed"),
      ),
    ).toEqual([true, true]);
    for (const { client } of both) await client.close();
  }, 60_000);
});
