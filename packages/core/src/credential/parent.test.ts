/** Parents first: a child neither waits for its parent under its own lease nor for ever. */
import { describe, expect, it } from "vitest";
import { Secret } from "../secret.ts";
import { fleet, within, type Fleet } from "./fleet.fixture.ts";
import type { Parent } from "./types.ts";

const never = (): Promise<never> => new Promise(() => {});
const parent = new Secret("parent", "parent");

/** Whether another process could lead a refresh of the child now. */
async function isLeaseFree({ clock, platform, store }: Fleet): Promise<boolean> {
  const lock = store.lock().withPrefix("production");
  const { acquired } = await within(clock, 100, lock.tryAcquire(platform.id, "somebody", 1));
  await clock.advance(1);
  return acquired;
}

describe("a child whose parent's credential never comes", () => {
  it("tells so after waitMs, sends nothing and leaves its lease to others", async () => {
    const world = fleet();
    const child = world.node({ parent: { get: never, reject: never } });
    const wanted = child.get();
    wanted.catch(() => {});
    await world.clock.advance(10_000);
    expect(await isLeaseFree(world)).toBe(true);
    await expect(within(world.clock, 11_000, wanted)).rejects.toMatchObject({ code: "CREDENTIAL_UNAVAILABLE", retryable: true });
    expect(world.platform.issues).toHaveLength(0);
  });

  it("asks again when it is called again", async () => {
    const { clock, node, platform } = fleet();
    const answers = [never, async () => parent];
    const child = node({ parent: { get: () => answers.shift()!(), reject: never } });
    await expect(within(clock, 21_000, child.get())).rejects.toMatchObject({ code: "CREDENTIAL_UNAVAILABLE" });
    expect((await within(clock, 2_000, child.get())).reveal()).toBe(platform.latest);
  });

  it.each(["get", "reject"] as const)("closes at once: %s", async (hangs) => {
    const { clock, node, platform } = fleet();
    const works: Parent = { get: async () => parent, reject: never };
    platform.script("parent");
    const child = node({ parent: { ...works, [hangs]: never } });
    const wanted = child.get();
    wanted.catch(() => {});
    await clock.advance(1_000);
    await within(clock, 10, child.close());
    await expect(wanted).rejects.toMatchObject({ code: "CLOSED" });
    expect(clock.pendingTimers).toBe(0);
  });

  it("closes at once also while the store is out of reach and it fetches alone", async () => {
    const { clock, node } = fleet();
    const child = node({ standalone: "always", parent: { get: never, reject: never } });
    child.faults.unreachable = true;
    child.get().catch(() => {});
    await clock.advance(1_000);
    await within(clock, 10, child.close());
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("a child whose parent the platform refuses", () => {
  it("gives its lease back before the parent is replaced, and is issued with the new one", async () => {
    const world = fleet();
    const replaced = Promise.withResolvers<{ replaced: true; secret: Secret }>();
    const child = world.node({ parent: { get: async () => parent, reject: () => replaced.promise } });
    world.platform.script("parent");
    const wanted = child.get();
    await world.clock.advance(3_000);
    expect(await isLeaseFree(world)).toBe(true);
    replaced.resolve({ replaced: true, secret: parent });
    expect((await within(world.clock, 2_000, wanted)).reveal()).toBe(world.platform.latest);
  });

  it("gives up after waitMs when the parent is not replaced", async () => {
    const { clock, node, platform } = fleet();
    platform.script("parent");
    const child = node({ parent: { get: async () => parent, reject: never } });
    await expect(within(clock, 21_000, child.get())).rejects.toMatchObject({ code: "CREDENTIAL_UNAVAILABLE" });
    expect(platform.issues).toHaveLength(1);
    await within(clock, 10_000, child.close());
  });
});
