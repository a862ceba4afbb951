import { inspect } from "node:util";
import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import { manualClock, seededRandom } from "@lingpai/core/testing";
import { wechat } from "@lingpai/wechat";
import type { Wechat } from "@lingpai/wechat";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Simulator } from "@lingpai/wechat-simulator";
import { describe, expect, test } from "vitest";
import { appOptions, inStore } from "./app-options.ts";
import { loadConfig, openConfig } from "./live/open-config.ts";
import type { LiveConfig } from "./live/config-options.ts";
import { objectSource } from "./sources/object.ts";
import { appId, minimal, scripted, sealingKey, secret, world } from "./world.fixture.ts";
import type { ScriptedSource, World } from "./world.fixture.ts";

const rotated = "0123456789abcdef0123456789abcdef";

interface Running extends World {
  readonly source: ScriptedSource;
  readonly config: LiveConfig;
  readonly simulator: Simulator;
  readonly client: Wechat;
  during<T>(work: Promise<T>): Promise<T>;
}

async function running(first: object = minimal): Promise<Running> {
  const source = scripted("secrets", first);
  const made = world(source);
  const { clock } = made;
  const config = await openConfig(made.options);
  const simulator = createSimulator({
    clock,
    random: seededRandom(7),
    accounts: [{ appId, secret }],
  });
  const store = memoryStore({ clock });
  const options = {
    ...appOptions(config, "main"),
    ...inStore(config, {
      cache: memoryCache(store, { clock }),
      lock: memoryLock(store, { clock }),
    }),
  };
  const client = wechat({ ...options, fetch: simulator.fetch, clock, random: seededRandom(2) });
  const during = async <T>(work: Promise<T>): Promise<T> => {
    work.catch(() => undefined);
    await clock.advance(60_000);
    return work;
  };
  return { ...made, source, config, simulator, client, during };
}

describe("the options of an app", () => {
  test("contain the configured values and nothing else, with the secret as a function", async () => {
    const given = {
      apps: {
        main: {
          ...minimal.apps?.["main"],
          mode: "plain",
          overlapMs: 0,
          onConflict: "consume",
          parameters: { waitMs: 500 },
        },
      },
      node: "api-1",
    };
    const options = appOptions(await loadConfig(world(objectSource(given)).options), "main");
    expect(options).toEqual({
      appId,
      environment: "prod",
      node: "api-1",
      mode: "plain",
      role: "owner",
      overlapMs: 0,
      onConflict: "consume",
      parameters: { waitMs: 500 },
      secret: expect.any(Function),
    });
    expect(await options.secret?.()).toBe(secret);
    expect(inspect(options)).not.toContain(secret.slice(0, 8));
  });

  test("contain no secret for a consumer that was given none", async () => {
    const config = await loadConfig(
      world(objectSource({ apps: { main: { appId, role: "consumer" } } })).options,
    );
    expect(appOptions(config, "main")).toEqual({
      appId,
      environment: "prod",
      mode: "stable",
      role: "consumer",
    });
  });

  test("are refused for an app that is not configured, and the error suggests the nearest name", async () => {
    const config = await loadConfig(world(objectSource(minimal)).options);
    expect(() => appOptions(config, "mian")).toThrow(
      'No app "mian" is configured for "prod". Did you mean "main"?',
    );
    expect(() => appOptions(config, "constructor")).toThrow(
      'No app "constructor" is configured for "prod". There are: main.',
    );
  });
});

describe("a rotated secret", () => {
  test("is used at the next fetch, without a restart and before any watch reports it", async () => {
    const { source, client, config, simulator, during } = await running();
    await during(client.token());
    simulator.operator.rotateSecret(appId, rotated);
    source.holds({ apps: { main: { appId, secret: rotated } } });
    simulator.operator.expireNow(appId);
    await expect(
      during(client.request("/cgi-bin/user/info", { query: { openid: "o" } })),
    ).resolves.toMatchObject({ openid: "o" });
    expect(simulator.log.fetches(appId).map(({ code }) => code)).toEqual([0, 0]);
    await client.close();
    await config.close();
  });

  test("that the configuration receives late is accepted at a later attempt, and the attempts follow the back-off of a refusal", async () => {
    const { clock, source, client, config, simulator, during } = await running();
    simulator.operator.rotateSecret(appId, rotated);
    await expect(during(client.token())).rejects.toMatchObject({ code: "CREDENTIAL_UNAVAILABLE" });
    for (let minute = 0; minute < 10; minute += 1)
      await during(client.token()).catch(() => undefined);
    // At once, after 1 min, and after 7 to 9 min more, because the secret may have been corrected
    // in the console.
    expect(simulator.log.fetches(appId).map(({ code }) => code)).toEqual([40_125, 40_125, 40_125]);
    source.holds({ apps: { main: { appId, secret: rotated } } });
    source.tell();
    await clock.advance(1_000);
    await during(client.token()).catch(() => undefined);
    await expect(during(client.token())).resolves.toMatch(/./);
    expect(simulator.log.fetches(appId).map(({ code }) => code)).toEqual([
      40_125, 40_125, 40_125, 0,
    ]);
    await client.close();
    await config.close();
  });

  test("that cannot be read leaves the last good secret in use", async () => {
    const { clock, source, client, config, events, during } = await running();
    await clock.advance(1_000);
    source.holds(new Error("gone"));
    await expect(during(client.token())).resolves.toMatch(/./);
    expect(events.map(({ type }) => type)).toEqual(["loaded", "kept"]);
    await client.close();
    await config.close();
  });

  test("is read again once when the platform refuses the secret", async () => {
    const { clock, source, client, config, simulator, during } = await running();
    simulator.operator.rotateSecret(appId, rotated);
    // The secret is rotated while the first request is in flight. That takes longer than a read
    // counts as fresh.
    simulator.faults.next({ delayBeforeMs: 2_000 }, { endpoint: "/cgi-bin/stable_token" });
    const asked = client.token();
    await clock.advance(1_500);
    source.holds({ apps: { main: { appId, secret: rotated } } });
    await expect(during(asked)).resolves.toMatch(/./);
    expect(simulator.log.fetches(appId).map(({ code }) => code)).toEqual([40_125, 0]);
    await client.close();
    await config.close();
  });
});

describe("the store of an environment", () => {
  test("lies below the configured prefix, and is sealed when there are keys", async () => {
    const clock = manualClock();
    const stored = memoryStore({ clock });
    const given = {
      ...minimal,
      store: { prefix: "team:lingpai", sealing: { active: "k", keys: { k: sealingKey } } },
    };
    const config = await loadConfig(world(objectSource(given)).options);
    const plain = { cache: memoryCache(stored, { clock }), lock: memoryLock(stored, { clock }) };
    const { cache, lock } = inStore(config, plain);
    await cache.set("k", "canary-51f0-token");
    expect([cache.path, lock.path]).toEqual([
      ["team", "lingpai"],
      ["team", "lingpai"],
    ]);
    expect((await cache.get("k"))?.value).toBe("canary-51f0-token");
    expect((await plain.cache.at(["team", "lingpai"]).get("k"))?.value).not.toContain("canary");
  });

  test("is the given one if no store is configured", async () => {
    const clock = manualClock();
    const stored = memoryStore({ clock });
    const given = { cache: memoryCache(stored, { clock }), lock: memoryLock(stored, { clock }) };
    expect(inStore(await loadConfig(world(objectSource(minimal)).options), given)).toEqual(given);
  });
});
