import { describe, expect, it } from "vitest";
import { Process } from "./process.ts";
import { World } from "./world.ts";

function start(): {
  world: World;
  process: Process;
  log: string[];
  note: (what: string) => () => void;
} {
  const world = new World(1_000_000, 10);
  const process = new Process(world, {
    name: "node-1.1",
    wallOffsetMs: 5_000,
    bootedAtMs: 900_000,
  });
  const log: string[] = [];
  return {
    world,
    process,
    log,
    note: (what) => () => log.push(`${what} ${process.monotonicMs()}`),
  };
}

describe("a process", () => {
  it("fires its timers by its own clocks", async () => {
    const { world, process, log, note } = start();
    process.setTimer(20, note("late"));
    process.setTimer(10, note("early"));
    process.setTimer(15, note("never"))();
    await world.runUntil(1_000_100);
    expect(log).toEqual(["early 100010", "late 100020"]);
    expect(process.wallMs()).toBe(1_005_100);
    expect(process.pendingTimers).toBe(0);
  });

  it("handles nothing while it is paused, and afterwards its timers before its messages", async () => {
    const { world, process, log, note } = start();
    process.setTimer(20, note("timer"));
    process.receive(10, note("message"));
    process.pause(1_000);
    await world.runUntil(1_002_000);
    expect(log).toEqual(["timer 101000", "message 101000"]);
    expect(process.awakeMs).toBe(1_001_000);
  });

  it("loses the time of a suspend on its monotonic clock, and on no other", async () => {
    const { world, process, log, note } = start();
    process.setTimer(50, note("timer"));
    process.suspend(1_000);
    await world.runUntil(1_002_000);
    expect(log).toEqual(["timer 100050"]);
    expect(process.monotonicMs()).toBe(101_000);
    expect(process.wallMs()).toBe(1_007_000);
  });

  it("neither fires nor receives once it is dead", async () => {
    const { world, process, log, note } = start();
    process.setTimer(20, note("timer"));
    process.receive(10, note("message"));
    process.kill();
    await world.runUntil(1_001_000);
    expect(log).toEqual([]);
  });
});
