import { expect, test } from "vitest";
import { manualClock } from "@lingpai/core/testing";
import type { DriverWrite } from "@lingpai/core/driver";
import { casEntries } from "./cas-entries.ts";
import { casStore } from "./cas.fixture.ts";

const name = "prod:{wx1}";
const as = (version: string): DriverWrite => ({ version, ttlMs: undefined, ifVersion: undefined });

function bench() {
  const clock = manualClock();
  const store = casStore(clock);
  return { clock, store, entries: casEntries("etcd", store, { clock, deadlineMs: 200 }) };
}

test("an unanswered write blocks its name until its deadline, and a late answer causes no further write", async () => {
  const { clock, store, entries } = bench();
  const answer = store.hold();
  const late = entries.set(name, "old", as("1"));
  await clock.advance(100);
  const next = entries.set(name, "new", as("2"));
  await clock.advance(100);
  expect((await next).written).toBe(true);

  answer();

  await expect(late).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE", reason: "timeout" });
  expect((await entries.get(name))?.value).toBe("new");
});

test("when the store answers nothing, each write still sends a request once the previous write has given up", async () => {
  const { clock, store, entries } = bench();
  for (const version of ["1", "2", "3", "4"]) {
    store.hold();
    void entries.set(name, "token", as(version));
    await clock.advance(100);
  }
  await clock.advance(100);

  expect(store.requests).toEqual(["read", "read", "read", "read"]);
  expect(clock.pendingTimers).toBe(0);
});

test("reads delay no other operation, and wait for the writes that came before them", async () => {
  const { clock, store, entries } = bench();
  store.hold();
  void entries.get(name);
  const [, entry] = await Promise.all([entries.set(name, "token", as("1")), entries.get(name)]);

  expect(entry?.value).toBe("token");
  expect(clock.pendingTimers).toBe(0);
});
