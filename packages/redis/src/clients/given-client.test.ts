import { createClient, createClientPool, createCluster, createSentinel } from "@redis/client";
import { Cluster, Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { requireClient } from "./given-client.ts";

const lazy = new Redis({ lazyConnect: true });
const sentinelOptions = { name: "main", sentinelRootNodes: [{ host: "127.0.0.1", port: 1 }] };
const clients = {
  ioredis: [lazy, new Cluster([{ host: "127.0.0.1", port: 1 }], { lazyConnect: true })],
  "@redis/client": [
    createClient(),
    createCluster({ rootNodes: [{ url: "redis://127.0.0.1:1" }] }),
    createSentinel(sentinelOptions),
  ],
} as const;

describe.each(["ioredis", "@redis/client"] as const)("the adapter of %s", (library) => {
  test("accepts each kind of its library's client, and a wrapper with the same members", () => {
    for (const client of clients[library]) {
      expect(() => requireClient(client, library)).not.toThrow();
      expect(() => requireClient(new Proxy(client, {}), library)).not.toThrow();
    }
  });

  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["a string", "redis://127.0.0.1:6379"],
    [
      "an object without the members of a client, such as options",
      { host: "127.0.0.1", port: 6379 },
    ],
    ["a class, not an instance of it", Redis],
    ["a pipeline or a transaction", lazy.pipeline()],
    ["a pipeline or a transaction", createClient().multi()],
    ["a pool of clients", createClientPool()],
    ["a promise of something", Promise.resolve(lazy)],
  ])("names %s, and says what to pass", (what, given) => {
    expect(() => requireClient(given, library)).toThrow(`The client is ${what}. `);
    expect(() => requireClient(given, library)).toThrow(/Give it a /);
  });

  test("refuses the other library's client by its name", () => {
    const other = library === "ioredis" ? "@redis/client" : "ioredis";
    for (const client of clients[other])
      expect(() => requireClient(client, library)).toThrow(
        `The client is ${other}. Use the adapter for that library.`,
      );
  });
});

test("a client in subscriber mode is refused", () => {
  const subscriber = new Proxy(lazy, {
    get: (target, name) => (name === "mode" ? "subscriber" : Reflect.get(target, name, target)),
  });
  expect(() => requireClient(subscriber, "ioredis")).toThrow("The client is in subscriber mode");
});
