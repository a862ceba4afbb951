/**
 * Parents first: a child never waits for its parent under its own lease, and never without a limit.
 */
import { describe, expect, it } from "vitest";
import { Secret } from "../secret.ts";
import { fleet, within, type Fleet } from "./fleet.fixture.ts";
import type { Parent, RejectOptions } from "../credential.ts";

const never = (): Promise<never> => new Promise(() => {});
const parent = new Secret("parent", "parent");

/** True if another process could lead a refresh of the child now. */
async function isLeaseFree({ clock, platform, store }: Fleet): Promise<boolean> {
  const lock = store.lock().withPrefix("production");
  const { acquired } = await within(clock, 100, lock.tryAcquire(platform.id, "somebody", 1));
  await clock.advance(1);
  return acquired;
}

describe("a child whose parent's credential never comes", () => {
  it("rejects its callers after waitMs, sends nothing and leaves the lease to other nodes", async () => {
    const world = fleet();
    const child = world.node({ parent: { get: never, reject: never } });
    const wanted = child.get();
    wanted.catch(() => {});
    await world.clock.advance(10_000);
    expect(await isLeaseFree(world)).toBe(true);
    await expect(within(world.clock, 11_000, wanted)).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      retryable: true,
    });
    expect(world.platform.issues).toHaveLength(0);
  });

  it("asks again when it is called again", async () => {
    const { clock, node, platform } = fleet();
    const answers = [never, async () => parent];
    const child = node({ parent: { get: () => answers.shift()!(), reject: never } });
    await expect(within(clock, 21_000, child.get())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
    });
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

  it("closes at once, even while the store is unreachable and it fetches without the store", async () => {
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
    const child = world.node({
      parent: { get: async () => parent, reject: () => replaced.promise },
    });
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
    await expect(within(clock, 21_000, child.get())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
    });
    expect(platform.issues).toHaveLength(1);
    await within(clock, 10_000, child.close());
  });
});

describe("a child that the platform refuses for a reason of its own, with the code of a refused parent", () => {
  const alive: Parent = { get: async () => parent, reject: async () => ({ replaced: false }) };

  it("backs off when the parent is alive, and counts the requests that were sent", async () => {
    const { clock, document, node, platform } = fleet({
      quota: { perDay: 20, dayOffsetMs: 0 },
      policy: { kind: "sliding" },
    });
    platform.script(
      ...Array.from({ length: 100 }, () => ({ outcome: "parent", platformCode: "40001" }) as const),
    );
    const told: RejectOptions[] = [];
    const reject: Parent["reject"] = async (_refused, options) => {
      told.push(options ?? {});
      return { replaced: false };
    };
    const [one, two] = [
      node({ parent: { ...alive, reject } }),
      node({ parent: { ...alive, reject } }),
    ];
    for (let second = 0; second < 600; second += 5) {
      one.get().catch(() => {});
      two.get().catch(() => {});
      await clock.advance(5_000);
    }
    // After 1, 2, 4 … s, and then every 60 s, by one node a step.
    expect(platform.issues.length).toBeGreaterThan(5);
    expect(platform.issues.length).toBeLessThanOrEqual(20);
    expect((await document())?.quota.used).toBe(platform.issues.length);
    expect(await document()).toMatchObject({
      failure: { code: "40001", parent: { fingerprint: "parent" } },
    });
    // After it was found alive, only the platform's own verdict counts against it.
    expect(told[0]).toMatchObject({ doubtful: false, platformCode: "40001" });
    expect(told.slice(1).every(({ doubtful }) => doubtful)).toBe(true);
    await expect(within(clock, 25_000, one.get())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
    });
  });

  it("has its parent replaced once for each goal, and then treats the refusal as its own", async () => {
    const { clock, node, platform } = fleet({ policy: { kind: "sliding" } });
    platform.script(...Array.from({ length: 100 }, () => "parent" as const));
    let generation = 1;
    const present = (): Secret => new Secret(`parent-${generation}`, `parent-${generation}`);
    const reject: Parent["reject"] = async (_refused, options) => {
      if (options?.doubtful) return { replaced: false };
      generation += 1;
      return { replaced: true, secret: present() };
    };
    const [one, two] = [1, 2].map(() => node({ parent: { get: async () => present(), reject } }));
    for (let second = 0; second < 590; second += 5) {
      one!.get().catch(() => {});
      two!.get().catch(() => {});
      await clock.advance(5_000);
    }
    // Once for each of the two nodes, which did not know of each other.
    expect(generation).toBeLessThanOrEqual(3);
    expect(platform.issues.length).toBeLessThanOrEqual(20);
  });

  it("recovers without help once the platform accepts its requests", async () => {
    const { clock, node, platform } = fleet({ policy: { kind: "sliding" } });
    platform.script(...Array.from({ length: 11 }, () => "parent" as const));
    const one = node({ parent: alive });
    const childs = async (): Promise<Secret | undefined> =>
      within(clock, 21_000, one.get()).catch(() => undefined);
    let served = await childs();
    for (let second = 0; served === undefined && second < 900; second += 60) {
      await clock.advance(40_000);
      served = await childs();
    }
    expect(served?.reveal()).toBe(platform.latest);
  });
});
