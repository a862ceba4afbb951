/**
 * Tests that traces of a driver contain no sealed token, and that an unsealed one causes a warning.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { credential, systemClock } from "@lingpai/core";
import { createStore } from "@lingpai/core/driver";
import type { CredentialEvent, Issuer } from "@lingpai/core";
import type { StoreOptions } from "@lingpai/core/driver";
import { scriptedIssuer } from "@lingpai/core/testing";
import { startServer } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { RedisDriver } from "../backends/world.ts";

const marker = "QZ7f-Marker-kV3x-Token-9pLw-R2dN";
const phases = ["start", "end", "asyncStart", "asyncEnd", "error"];

/**
 * @param channel the name of the library's tracing channels without their phase: `ioredis` for
 *   `tracing:ioredis:command:start`.
 */
export function describeTracing(driver: RedisDriver, library: string): void {
  describe(`a tracer of ${driver.client}`, () => {
    let server: Server;
    beforeAll(async () => {
      server = await startServer();
    });
    afterAll(() => server.stop());

    /**
     * Returns all that the library publishes while a token is fetched and stored, and the
     * credential's events.
     */
    const observed = async (
      options: StoreOptions,
    ): Promise<{ readonly seen: string; readonly types: readonly string[] }> => {
      const messages: unknown[] = [];
      const listener = (message: unknown): void => void messages.push(message);
      const channels = ["command", "batch", "connect"].flatMap((kind) =>
        phases.map((phase) => `tracing:${library}:${kind}:${phase}`),
      );
      for (const channel of channels) subscribe(channel, listener);
      onTestFinished(() => channels.forEach((channel) => unsubscribe(channel, listener)));
      const connected = await driver.standalone(server);
      onTestFinished(() => connected.close());
      const events: CredentialEvent[] = [];
      const environment = options.seal === undefined ? "open" : "sealed";
      const scripted = scriptedIssuer({
        clock: systemClock,
        latencyMs: 1,
        id: `test:plain:${environment}`,
      });
      const issuer: Issuer = {
        ...scripted,
        issue: async (request) => ({ ...(await scripted.issue(request)), secret: marker }),
      };
      const deadline = { deadlineMs: 5_000 };
      const store = createStore(connected.cache(deadline), connected.lock(deadline), options);
      const one = credential({ issuer, store, environment });
      one.watch((event) => events.push(event));
      await one.get();
      await one.close();
      return { seen: inspected(messages), types: events.map(({ type }) => type) };
    };

    test("sees no part of a sealed token", async () => {
      const { seen, types } = await observed({ seal: "5e".repeat(32) });
      for (let start = 0; start + 8 <= marker.length; start += 1)
        expect(seen).not.toContain(marker.slice(start, start + 8));
      expect(types).not.toContain("unsealed-and-traced");
    });

    test("sees an unsealed one if the library publishes commands, and is reported", async () => {
      const { seen, types } = await observed({});
      expect(types).toContain("unsealed-and-traced");
      expect(seen.includes(marker)).toBe(seen !== "[]");
    });
  });
}

function inspected(messages: readonly unknown[]): string {
  const visited = new WeakSet<object>();
  return JSON.stringify(messages, (_name, value: unknown) => {
    if (typeof value !== "object" || value === null)
      return typeof value === "bigint" ? String(value) : value;
    if (visited.has(value)) return undefined;
    visited.add(value);
    return value;
  });
}
