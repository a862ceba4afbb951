import { ConfigurationError } from "@lingpai/core";
import * as ioredis6 from "ioredis";
import * as ioredis5 from "ioredis5";
import { describe, expect, onTestFinished, test } from "vitest";
import { ioredisCache, ioredisLock, ioredisProbe } from "./index.ts";

describe.each([
  ["5", ioredis5.Cluster],
  ["6", ioredis6.Cluster],
])("a Cluster client of ioredis %s", (_, Cluster) => {
  const clusterWith = (keyPrefix: string): InstanceType<typeof Cluster> => {
    const cluster = new Cluster([{ host: "127.0.0.1", port: 1 }], { lazyConnect: true, keyPrefix });
    onTestFinished(() => cluster.disconnect());
    return cluster;
  };

  test("is refused before any command is sent when its keyPrefix would put all keys into one hash slot", () => {
    for (const keyPrefix of ["{app}:", "app{", "}app"]) {
      for (const factory of [ioredisCache, ioredisLock, ioredisProbe])
        expect(() => factory(clusterWith(keyPrefix))).toThrow(ConfigurationError);
    }
  });

  test("is accepted with any other keyPrefix, and the call does not connect it", () => {
    const cluster = clusterWith("app*:");
    ioredisCache(cluster);
    ioredisLock(cluster);
    expect(cluster.status).toBe("wait");
  });
});
