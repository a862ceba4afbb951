import { expect, test, vi } from "vitest";
import { keyvCache, keyvLock } from "../index.ts";

/** An adapter of @keyv/redis. Its client cannot be reached, or answers that nothing is there. */
function adapterOf(isReachable: boolean) {
  const evalSha = vi.fn<() => Promise<unknown>>(async () => {
    if (!client.isOpen) throw new Error("The client is closed");
    return [];
  });
  const client = {
    isOpen: false,
    isReady: true,
    evalSha,
    eval: evalSha,
    withTypeMapping: () => ({ ...client, withCommandOptions: () => ({ evalSha }) }),
  };
  const getClient = vi.fn<() => Promise<unknown>>(async () => {
    client.isOpen = isReachable;
    return client;
  });
  return { client, getClient };
}

test("a later read does not open a client again that its owner has closed", async () => {
  const adapter = adapterOf(true);
  const cache = keyvCache({ store: adapter });
  await expect(cache.get("key")).resolves.toBeUndefined();
  expect(adapter.getClient).toHaveBeenCalledOnce();
  adapter.client.isOpen = false;
  await expect(cache.get("key")).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE" });
  expect(adapter.getClient).toHaveBeenCalledOnce();
});

test("a client that could not be connected is connected by the next call", async () => {
  const adapter = adapterOf(false);
  const cache = keyvCache({ store: adapter });
  await expect(cache.get("key")).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE" });
  await expect(cache.get("key")).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE" });
  expect(adapter.getClient).toHaveBeenCalledTimes(2);
});

test("the release of a lock that was never granted opens no connection", async () => {
  const adapter = adapterOf(false);
  const lock = keyvLock({ store: adapter });
  await expect(lock.tryAcquire("name", "owner", 1_000)).rejects.toMatchObject({
    code: "CACHE_UNAVAILABLE",
  });
  await expect(lock.release("name", "owner")).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE" });
  expect(adapter.getClient).toHaveBeenCalledOnce();
});

test("a release that is the first call connects the client", async () => {
  const adapter = adapterOf(true);
  await keyvLock({ store: adapter })
    .release("name", "owner")
    .catch(() => {});
  expect(adapter.getClient).toHaveBeenCalledOnce();
});
