import { Redis } from "ioredis";
import Keyv from "keyv";
import { expect, onTestFinished, test } from "vitest";
import { keyvCache } from "../index.ts";

test("an error over ioredis names ioredis too, and not iovalkey alone", async () => {
  const native = new Redis({ lazyConnect: true, port: 1, retryStrategy: () => null });
  native.on("error", () => {});
  onTestFinished(() => native.disconnect());
  await expect(keyvCache(new Keyv(), { native }).get("wx1")).rejects.toThrow(
    "Redis (ioredis or iovalkey) is not connected",
  );
});
