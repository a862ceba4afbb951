import { createServer } from "node:net";
import { seededRandom } from "@lingpai/core/testing";
import { describe, expect, it } from "vitest";
import { freePorts } from "./ports.ts";

describe("free ports", () => {
  it("are distinct, and below those of outgoing connections", async () => {
    const ports = await freePorts(50);
    expect(new Set(ports).size).toBe(50);
    expect(Math.min(...ports)).toBeGreaterThanOrEqual(10_240);
    expect(Math.max(...ports)).toBeLessThan(22_528);
  });

  it("leave out a port on which a server listens", async () => {
    const [taken] = (await freePorts(1, seededRandom("ports"))) as [number];
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(taken, "127.0.0.1", resolve));
    const [other] = await freePorts(1, seededRandom("ports"));
    server.close();
    expect(other).not.toBe(taken);
  });
});
