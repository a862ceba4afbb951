import { memoryCache, memoryStore } from "@lingpai/adapter-memory";
import { keyring, sealed } from "@lingpai/core";
import type { Cache } from "@lingpai/core";
import { faultPlan, faultyCache, manualClock } from "@lingpai/core/testing";
import type { FaultPlan, ManualClock } from "@lingpai/core/testing";
import { describe, expect, test } from "vitest";
import { pushedTicket } from "./pushed-ticket.ts";
import type { PushedTicket } from "./pushed-ticket.ts";

const id = "wechat:verify-ticket:wx0123456789abcdef";
const lifetimeMs = 12 * 3_600_000;

interface World {
  readonly clock: ManualClock;
  readonly cache: Cache;
  readonly faults: FaultPlan;
  node(cache?: Cache): PushedTicket;
  now(): number;
}

function world(): World {
  const clock = manualClock();
  const faults = faultPlan({ clock });
  const cache = faultyCache(memoryCache(memoryStore({ clock }), { clock }), faults);
  return {
    clock,
    cache,
    faults,
    now: () => clock.wallMs(),
    node: (own = cache) => pushedTicket({ id, cache: own, environment: "prod", lifetimeMs, clock }),
  };
}

const textOf = async (ticket: PushedTicket): Promise<string> => (await ticket.get()).reveal();

describe("a pushed ticket", () => {
  test("is the newest one that was pushed to any node", async () => {
    const { node, now, clock } = world();
    const [a, b] = [node(), node()];
    await a.put("first", now());
    await clock.advance(600_000);
    await b.put("second", now());
    await expect(textOf(a)).resolves.toBe("second");
    await expect(a.status()).resolves.toEqual({ live: 2, ageMs: 0 });
  });

  test("with an unchanged text counts from its newest push, however long it has been pushed", async () => {
    const { node, now, clock } = world();
    const ticket = node();
    for (let hours = 0; hours < 30; hours += 5) {
      await ticket.put("same", now());
      await clock.advance(5 * 3_600_000);
    }
    await expect(textOf(ticket)).resolves.toBe("same");
    await expect(ticket.status()).resolves.toEqual({ live: 1, ageMs: 5 * 3_600_000 });
  });

  test("that was refused is valid again once it is pushed again", async () => {
    const { node, now } = world();
    const ticket = node();
    await ticket.put("same", now());
    await expect(ticket.reject("same")).rejects.toMatchObject({ code: "CREDENTIAL_UNAVAILABLE" });
    await ticket.put("same", now());
    await expect(ticket.get()).rejects.toMatchObject({ code: "CREDENTIAL_UNAVAILABLE" });
    await ticket.put("same", now() + 1_000);
    await expect(textOf(ticket)).resolves.toBe("same");
  });

  test("is not replaced by an earlier push that came late, and not changed by a replay", async () => {
    const { cache, node, now } = world();
    const ticket = node();
    await ticket.put("newest", now());
    await ticket.put("late", now() - 600_000);
    await ticket.put("far too late", now() - 1_200_000);
    await ticket.put("late", now() - 600_000);
    await expect(textOf(ticket)).resolves.toBe("newest");
    const stored = (await cache.withPrefix("prod").get(id))?.value ?? "";
    expect(JSON.parse(stored)).toMatchObject({
      tickets: [{ ticket: "newest" }, { ticket: "late" }],
    });
  });

  test("is replaced by the previous one for the whole fleet when the platform refuses it, until the next push", async () => {
    const { node, now } = world();
    const [a, b] = [node(), node()];
    await a.put("first", now() - 600_000);
    await a.put("second", now());
    await expect(a.reject("second")).resolves.toMatchObject({ replaced: true });
    await expect(textOf(b)).resolves.toBe("first");
    await expect(b.reject("first")).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      retryAfterMs: 600_000,
    });
    await expect(b.get()).rejects.toThrow(/the platform refuses those that it pushed/);
    await a.put("third", now() + 1000);
    await expect(textOf(b)).resolves.toBe("third");
  });

  test("a refusal of a ticket that is no longer stored changes nothing", async () => {
    const { node, now, faults } = world();
    const ticket = node();
    await ticket.put("present", now());
    const writes = faults.calls("set");
    const { secret } = (await ticket.reject("long gone")) as { secret: { reveal(): string } };
    expect([secret.reveal(), faults.calls("set")]).toEqual(["present", writes]);
  });

  test("ends after its lifetime, counted from the push", async () => {
    const { node, now, clock } = world();
    const ticket = node();
    await ticket.put("only", now());
    await clock.advance(lifetimeMs - 1);
    await expect(textOf(ticket)).resolves.toBe("only");
    await clock.advance(1);
    await expect(ticket.get()).rejects.toThrow(
      /the last one is too old.*check that its pushes reach/,
    );
  });

  test("reports that nothing was ever pushed, and when to expect a push", async () => {
    await expect(world().node().get()).rejects.toMatchObject({
      message: expect.stringMatching(/none has been pushed/),
      retryAfterMs: 600_000,
      retryable: true,
    });
  });

  test("is never reported as missing when the store fails", async () => {
    const { node, now, faults } = world();
    const ticket = node();
    await ticket.put("a", now());
    faults.unreachable = true;
    await expect(ticket.get()).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE" });
    await expect(ticket.put("b", now())).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE" });
  });

  test("is encrypted at rest if the cache is", async () => {
    const { cache, node, now } = world();
    const ring = keyring({ active: { id: "k", key: Buffer.alloc(32, 5).toString("base64") } });
    const ticket = node(sealed(cache, ring));
    await ticket.put("ticket@@@secret", now());
    await expect(textOf(ticket)).resolves.toBe("ticket@@@secret");
    expect((await cache.withPrefix("prod").get(id))?.value).not.toContain("secret");
  });

  test.each([
    "",
    "null",
    "[]",
    '{"v":1,"tickets":"a"}',
    '{"v":1,"tickets":[{"ticket":""}]}',
    '{"v":1,"tickets":[{"ticket":"a b","pushedAtMs":1}]}',
  ])("is reported as unreadable, not as missing, when the store holds %j", async (text) => {
    const { cache, node } = world();
    await cache.withPrefix("prod").set(id, text);
    await expect(node().get()).rejects.toMatchObject({ code: "UNREADABLE_ENTRY" });
  });

  test("two tickets that are pushed to two nodes at once are both kept", async () => {
    const { node, now } = world();
    await Promise.all([node().put("a", now()), node().put("b", now() + 1000)]);
    await expect(node().status()).resolves.toMatchObject({ live: 2 });
  });

  test("yields nothing after it was closed", async () => {
    const ticket = world().node();
    ticket.close();
    await expect(ticket.get()).rejects.toMatchObject({ code: "CLOSED" });
  });
});
