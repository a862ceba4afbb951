import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { delay, systemClock } from "@lingpai/core";
import { expect, test } from "vitest";
import { openStore } from "./open-store.ts";

test("a store that cannot be used keeps no connection: the process could not end", async () => {
  const redis = createServer((socket) => socket.on("error", () => {}));
  redis.listen(0, "127.0.0.1");
  await new Promise((resolve) => redis.once("listening", resolve));
  const { port } = redis.address() as AddressInfo;
  const zeros = Buffer.alloc(32).toString("base64");
  await expect(openStore(`redis://127.0.0.1:${port}`, { seal: zeros })).rejects.toThrow(/zeros/);
  // A client that goes on would have connected long before.
  await delay(systemClock, 300);
  // Resolves when no connection is open any more.
  await new Promise((resolve) => redis.close(resolve));
});
