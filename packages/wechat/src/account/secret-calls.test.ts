/** How often a secret that is given as a function is read: from a file, or from a vault. */
import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import { during, manualClock } from "@lingpai/core/testing";
import { createSimulator } from "@lingpai/wechat-simulator";
import { expect, onTestFinished, test, vi } from "vitest";
import { wechat } from "./wechat.ts";

const appId = "wx0123456789abcdef";
const right = "0123456789abcdef0123456789abcdef";
const hourMs = 3_600_000;

function world() {
  const clock = manualClock();
  const simulator = createSimulator({ accounts: [{ appId, secret: right }], clock });
  const store = memoryStore({ clock });
  const secret = vi.fn<() => string>(() => right);
  const client = wechat({
    appId,
    secret,
    environment: "prod",
    cache: memoryCache(store),
    lock: memoryLock(store),
    clock,
    fetch: simulator.fetch,
  });
  onTestFinished(() => client.close());
  return { client, clock, secret, simulator };
}

test("the function of a secret is called once a fetch, and by nothing else", async () => {
  const { client, clock, secret, simulator } = world();
  for (let hour = 0; hour < 10; hour += 1) {
    await during(clock, client.token());
    await clock.advance(hourMs);
  }
  expect(simulator.log.fetches(appId).length).toBeGreaterThan(4);
  expect(secret).toHaveBeenCalledTimes(simulator.log.fetches(appId).length);
});

test("a function whose secret is refused is called at most once a second by a hundred callers a second", async () => {
  const { client, clock, secret, simulator } = world();
  simulator.operator.rotateSecret(appId, "f".repeat(32));
  await expect(during(clock, client.token())).rejects.toThrow(/refuses/);
  secret.mockClear();
  for (let call = 0; call < 2_000; call += 1) {
    await client.token().catch(() => undefined);
    await clock.advance(10);
  }
  expect(secret.mock.calls.length).toBeLessThanOrEqual(21);
  secret.mockReturnValue("f".repeat(32));
  await clock.advance(1_000);
  await expect(during(clock, client.token())).resolves.toBeDefined();
});
