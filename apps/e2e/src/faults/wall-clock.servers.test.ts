import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "@lingpai/test-servers";
import { expect, onTestFinished, test } from "vitest";
import { drivers } from "../fleet/redis-clients.fixture.ts";
import { expectAccepted, fleet } from "../fleet/fleet.fixture.ts";
import { processesOf } from "../fleet/node-process.fixture.ts";

const dayMs = 86_400_000;

/** Returns the environment variables that let a test set the wall clock of a process. */
async function fakeWallClock(): Promise<{
  environment: Record<string, string>;
  step(by: string): Promise<void>;
}> {
  const directory = await mkdtemp(join(tmpdir(), "lingpai-clock-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, "offset");
  const step = (by: string): Promise<void> => writeFile(file, by);
  await step("+0s");
  const library = execFileSync("faketime", ["-f", "+0s", "printenv", "LD_PRELOAD"], {
    encoding: "utf8",
  }).trim();
  const environment = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  };
  return { environment, step };
}

test.each(drivers)(
  "over $name, a wall clock that steps a day ahead and an hour back costs no fetch and no refused call",
  async (driver) => {
    const server = await startServer();
    onTestFinished(() => server.stop());
    const opened = await fleet({ address: server, open: (through) => driver.standalone(through) });
    const start = await processesOf(driver, server, opened);
    const wallClock = await fakeWallClock();
    const process = start("stepped", { environment: wallClock.environment });
    const before = await process.ask("token");
    const other = await opened.node("other");
    expect(await other.token()).toBe(before.token);

    await wallClock.step("+1d");
    const ahead = await process.ask("call");
    expect(ahead.wallMs - before.wallMs).toBeGreaterThan(dayMs - 60_000);
    await wallClock.step("-1h");
    const behind = await process.ask("call");
    expect(behind.wallMs - before.wallMs).toBeLessThan(0);
    expect([ahead.token, behind.token]).toEqual([before.token, before.token]);
    expect(opened.fetches()).toBe(1);

    const { token } = await process.ask("refresh");
    await opened.settled([other]);
    expect(other.credential.peek()?.reveal()).toBe(token);
    expect(opened.fetches()).toBe(2);
    await expectAccepted(opened.platform, [other]);
  },
);
