import { ioredisCache } from "@lingpai/adapter-ioredis";
import { keyring, sealed, systemClock, systemRandom } from "@lingpai/core";
import { standalone, until } from "@lingpai/test-servers";
import type { Standalone } from "@lingpai/test-servers";
import { createClient } from "@redis/client";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openConfig } from "../../live/open-config.ts";
import type { ConfigSource } from "../../source.ts";
import { appId, refusalOf, sealingKey, secret } from "../../world.fixture.ts";
import { cacheSource } from "./cache.ts";
import { redisSource } from "./redis.ts";

let server: Standalone;
let client: Redis;

beforeAll(async () => {
  server = await standalone();
  client = new Redis(server.url);
});

afterAll(async () => {
  client.disconnect();
  await server.stop();
});

const document = (mode: string): string =>
  `apps:\n  main:\n    appId: ${appId}\n    secret: ${secret}\n    mode: ${mode}\n`;
const load = (source: ConfigSource): ReturnType<ConfigSource["load"]> =>
  source.load({
    environment: "prod",
    clock: systemClock,
    random: systemRandom,
    signal: new AbortController().signal,
  });

/**
 * Opens a configuration of this source alone, writes another document, and waits until it is in
 * force.
 */
async function follows(
  source: ConfigSource,
  write: (text: string) => Promise<unknown>,
): Promise<string | undefined> {
  const config = await openConfig({ environment: "prod", sources: [source], debounceMs: 20 });
  try {
    // A second change proves the watch: the first one may have been read before the watch began.
    for (const mode of ["plain", "stable"]) {
      await write(document(mode));
      await until(`${mode} is in force`, async () => config.current.apps["main"]?.mode === mode);
    }
    return config.current.values.at(-1)?.place;
  } finally {
    await config.close();
  }
}

describe("a document in a real Redis", () => {
  test("is read through ioredis, and read again when it has changed", async () => {
    await client.set("config-1.yaml", document("stable"));
    expect(
      await follows(redisSource(client, { key: "config-1.yaml", pollMs: 100 }), (text) =>
        client.set("config-1.yaml", text),
      ),
    ).toBe("redis config-1.yaml:5");
  });

  test("is read through @redis/client as JSON, with the environment's name in the key", async () => {
    const other = await createClient({ url: server.url }).connect();
    await client.set("config:prod.json", '{\n  "node": "api-1"\n}');
    const settings = await load(
      redisSource(other, { key: (environment) => `config:${environment}.json` }),
    );
    expect(settings).toEqual([
      { path: ["node"], value: "api-1", place: "redis config:prod.json:2" },
    ]);
    other.destroy();
  });

  test("must exist, unless it is optional", async () => {
    expect(await refusalOf(load(redisSource(client, { key: "absent" })))).toContain(
      "has no key absent. Set it",
    );
    expect(await load(redisSource(client, { key: "absent", optional: true }))).toEqual([]);
    expect(await refusalOf(load(cacheSource(ioredisCache(client), { key: "absent" })))).toContain(
      "has no entry absent. Set it",
    );
    expect(
      await load(cacheSource(ioredisCache(client), { key: "absent", optional: true })),
    ).toEqual([]);
  });

  test("is pushed and sealed through a cache, and Redis holds nothing of it in clear text", async () => {
    const cache = sealed(
      ioredisCache(client).withPrefix("config"),
      keyring({ active: { id: "k", key: sealingKey } }),
    );
    await cache.set("lingpai.yaml", document("stable"));
    expect(await follows(cacheSource(cache), (text) => cache.set("lingpai.yaml", text))).toBe(
      "cache lingpai.yaml:5",
    );
    const raw = await client.get("config:{lingpai.yaml}");
    expect(raw?.length).toBeGreaterThan(document("plain").length);
    expect(raw).not.toContain(secret.slice(0, 8));
    await cache.close();
  });
});
