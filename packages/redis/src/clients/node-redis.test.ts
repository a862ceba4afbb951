import { createCluster } from "@redis/client";
import { expect, test } from "vitest";
import { nodeRedisPort } from "./node-redis.ts";

test("a Cluster client whose primary is silent asks other primaries for a key of its slot, and their answer leads to the new map", async () => {
  const cluster = createCluster({ rootNodes: [{ url: "redis://127.0.0.1:1" }] });
  const asked: unknown[] = [];
  cluster.sendCommand = async (firstKey, _isReadonly, args) => {
    asked.push([firstKey, ...args]);
    throw new Error("closed");
  };
  const { recover } = nodeRedisPort(cluster);
  await recover?.("prod:{wx1}");
  expect(new Set(asked.map(String))).toEqual(new Set([",GET,prod:{wx1}"]));
});
