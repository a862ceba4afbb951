/** The effects of a new configuration, even of one that cannot be served. */
import { loadConfig, objectSource } from "@lingpai/config";
import type { Config, ConfigInput, LiveConfig } from "@lingpai/config";
import { manualClock, seededRandom, simulatedStore } from "@lingpai/core/testing";
import { eventLog } from "@lingpai/event-log";
import { serverKeys } from "@lingpai/server";
import { afterEach, expect, test } from "vitest";
import { Serving } from "./serving.ts";

const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";
const main = { appId: "wx0123456789abcdef", secret };
const other = { appId: "wxfedcba9876543210", secret };
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function configOf(apps: ConfigInput["apps"]): Promise<Config> {
  return loadConfig({ environment: "test", sources: [objectSource({ apps })] });
}

test("a configuration that cannot be served changes nothing, and leaks no client", async () => {
  let current = await configOf({ main, other });
  const config = {
    get current() {
      return current;
    },
  } as LiveConfig;
  const clock = manualClock();
  const simulated = simulatedStore({ clock, random: seededRandom(1) });
  const store = { cache: simulated.cache(), lock: simulated.lock() };
  const log = eventLog({ cache: store.cache, clock });
  const serving = new Serving({
    config,
    store,
    own: store,
    clock,
    keys: serverKeys({ cache: store.cache, clock }),
    log,
    onError: () => {},
    onWebhook: () => {},
    allowedHosts: [],
  });
  closers.push(
    () => log.close(),
    () => serving.close(),
  );
  const before = serving.clients;
  current = await configOf({ main, second: { ...main, mode: "plain" } });
  await expect(serving.apply(current)).rejects.toThrow(/wx0123456789abcdef/);
  expect(serving.clients).toEqual(before);
  const states = (): string[] =>
    before.map(({ wechat }): string => wechat.credential.status().state);
  expect(states()).toEqual(["none", "none"]);
  current = await configOf({ main });
  await serving.apply(current);
  expect(states()).toEqual(["none", "closed"]);
});
