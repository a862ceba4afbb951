/** When a store counts as unavailable, and what shows that it is back. */
import { describe, expect, it } from "vitest";
import { StoreHealth, type StoreOperation } from "./store-health.ts";
import type { CredentialEvent } from "../index.ts";
import { CacheUnavailableError } from "../errors.ts";
import { createEventBus } from "../events/event-bus.ts";
import { manualClock } from "../testing/index.ts";

function bench() {
  const clock = manualClock();
  const bus = createEventBus({ id: "test", environment: "test", node: "a", clock });
  const events: CredentialEvent[] = [];
  bus.subscribe((event) => void events.push(event));
  const health = new StoreHealth(clock, bus);
  const heard: string[] = [];
  const lease = { works: true };
  health.reportTo({
    onStoreRecovered: () => heard.push("recovered"),
    tryLease: async () => {
      heard.push("lease");
      if (!lease.works) throw new CacheUnavailableError("no", { reason: "timeout" });
    },
  });
  const works = (...operations: StoreOperation[]) =>
    Promise.all(operations.map((operation) => health.watched(operation, async () => operation)));
  const fails = async (operation: StoreOperation, error: Error = gone) => {
    await health.watched(operation, () => Promise.reject(error)).catch(() => {});
  };
  const types = () => events.map(({ type }) => type);
  return { clock, events, fails, health, heard, lease, types, works };
}

const gone = new CacheUnavailableError("gone", { reason: "disconnected" });

describe("the health of a store", () => {
  it("is unknown before the first command, and good after a successful one", async () => {
    const { health, types, works } = bench();
    expect(health.seen).toBeUndefined();
    expect(health.isReachable).toBe(true);
    expect(await works("get")).toEqual(["get"]);
    expect(health.seen).toBe(true);
    expect(types()).toEqual([]);
  });

  it("is reported with its cause once, and with its duration when a read succeeds again", async () => {
    const { clock, events, fails, health, heard, works } = bench();
    await fails("get");
    await clock.advance(1_000);
    await fails("get");
    await fails("set");
    expect(health.seen).toBe(false);
    expect(events).toMatchObject([
      { type: "store-unavailable", reason: "disconnected", operation: "get" },
    ]);
    expect(heard).toEqual([]);
    // A successful read proves everything if reads failed too.
    await works("get");
    expect(health.isReachable).toBe(true);
    expect(events[1]).toMatchObject({ type: "store-recovered", downMs: 1_000 });
    expect(heard).toEqual(["recovered"]);
    await works("get");
    expect(events).toHaveLength(2);
  });

  it("is not proved for reads by a successful write", async () => {
    const { fails, health, works } = bench();
    await fails("get");
    await fails("set");
    await works("set");
    expect(health.isReachable).toBe(false);
    await works("get");
    expect(health.isReachable).toBe(true);
  });

  it("hides no error, and counts only the store's errors", async () => {
    const { fails, health } = bench();
    await expect(health.watched("get", () => Promise.reject(gone))).rejects.toBe(gone);
    const other = bench();
    await other.fails("get", new TypeError("broken"));
    await other.fails("get", Object.assign(new Error("other"), { code: "UNREADABLE_ENTRY" }));
    expect(other.health.isReachable).toBe(true);
    await fails("set");
    expect(health.isReachable).toBe(false);
  });

  it("is not proved for writes by reads that never failed", async () => {
    const { fails, health, types, works } = bench();
    await works("get");
    await fails("set");
    expect(health.refusesWrites).toBe(true);
    await works("get");
    expect(health.isReachable).toBe(false);
    await works("set");
    expect(types()).toEqual(["store-unavailable", "store-recovered"]);
    expect(health.refusesWrites).toBe(false);
  });

  it.each<[StoreOperation, boolean, boolean]>([
    ["get", false, true],
    ["set", true, true],
    ["acquire", true, true],
    ["claims-get", false, false],
    ["claims-set", false, false],
  ])(
    "after a failed %s: refuses writes %s, can be proved %s",
    async (operation, refuses, proves) => {
      const { fails, health } = bench();
      expect(health.isProvable).toBe(false);
      await fails(operation);
      expect(health.refusesWrites).toBe(refuses);
      expect(health.isProvable).toBe(proves);
      await fails("get");
      expect(health.refusesWrites).toBe(false);
      expect(health.isProvable).toBe(true);
    },
  );

  it("of a node that needs no right to write does not depend on writes", async () => {
    const { fails, health } = bench();
    health.needsWrites = false;
    await fails("set");
    await fails("acquire");
    expect(health.isReachable).toBe(true);
    await fails("get");
    expect(health.isReachable).toBe(false);
  });

  it("is not changed by a command from an earlier outage", async () => {
    const { clock, fails, health, works } = bench();
    const late = Promise.withResolvers<never>();
    const command = health.watched("set", () => late.promise).catch(() => {});
    await clock.advance(10);
    await fails("get");
    await clock.advance(10);
    await works("get");
    late.reject(gone);
    await command;
    expect(health.isReachable).toBe(true);
    await fails("set");
    expect(health.isReachable).toBe(false);
  });
});

describe("the check whether a store is back", () => {
  it("repeats the failed operations that a read cannot prove: the lease first, then a write", async () => {
    const { fails, health, heard } = bench();
    const write = async (): Promise<void> => void heard.push("write");
    await health.prove(write);
    expect(heard).toEqual([]);
    await fails("acquire");
    await health.prove(write);
    expect(heard).toEqual(["lease", "recovered"]);
    await fails("acquire");
    await fails("set");
    heard.length = 0;
    await health.prove(write);
    expect(heard).toEqual(["lease", "write"]);
  });

  it("fails if the lease fails", async () => {
    const { fails, health, heard, lease } = bench();
    await fails("acquire");
    lease.works = false;
    await expect(health.prove(async () => {})).rejects.toMatchObject({ reason: "timeout" });
    expect(heard).toEqual(["lease"]);
    expect(health.isReachable).toBe(false);
  });

  it("works without a listener", async () => {
    const clock = manualClock();
    const bus = createEventBus({ id: "test", environment: "test", node: "a", clock });
    const health = new StoreHealth(clock, bus);
    await health.watched("acquire", () => Promise.reject(gone)).catch(() => {});
    await health.prove(async () => {});
    expect(health.isReachable).toBe(true);
  });
});
