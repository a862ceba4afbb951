import { afterEach, expect, test, vi } from "vitest";
import { releasingLateGrants } from "./late-grants.ts";
import type { Busy, Granted } from "./lock.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

test("an owner is forgotten when all its requests are answered, so that a month of leases takes no memory", async () => {
  const requests: PromiseWithResolvers<Granted | Busy>[] = [];
  const driver = releasingLateGrants({
    kind: "toy",
    tryAcquire: () => {
      const request = Promise.withResolvers<Granted | Busy>();
      requests.push(request);
      return request.promise;
    },
    extend: async () => true,
    release: async () => true,
  });
  const set = vi.spyOn(Map.prototype, "set");
  const first = driver.tryAcquire("n", "me", 1_000);
  const second = driver.tryAcquire("n", "me", 1_000);
  const place = set.mock.calls.findIndex(([key]) => key === "n me");
  const remembered = set.mock.contexts[place] as Map<unknown, unknown> | undefined;
  expect(remembered?.size).toBe(1);
  requests[0]?.resolve({ acquired: true, fence: 1, storeNowMs: 0 });
  await first;
  // The second may still be granted after a release.
  expect(remembered?.size).toBe(1);
  requests[1]?.reject(new Error("lost"));
  await second.catch(() => {});
  expect(remembered?.size).toBe(0);
});
