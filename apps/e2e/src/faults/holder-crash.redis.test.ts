import { startServer, until } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drivers } from "../fleet/redis-clients.fixture.ts";
import { expectAccepted, fleet } from "../fleet/fleet.fixture.ts";
import type { Fleet } from "../fleet/fleet.fixture.ts";
import type { RefreshStep } from "../fleet/refresh-steps.fixture.ts";
import { processesOf } from "../fleet/node-process.fixture.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

describe.each(drivers)("over $name, a refreshing process that", (driver) => {
  const open = (): Promise<Fleet> =>
    fleet({ address: server, open: (through) => driver.standalone(through) });

  test.each<[RefreshStep, number, string]>([
    ["leased", 1, "it costs no fetch, because no intent was written"],
    ["send", 2, "its request may have left, so the next fetch is reconciled"],
    ["answered", 3, "nobody knows its token, so the fleet fetches another one and reconciles"],
    ["release", 1, "it has stored its token, which is adopted"],
  ])("is killed (SIGKILL) before %s costs at most %i fetches: %s", async (step, fetchesMax) => {
    const opened = await open();
    const start = await processesOf(driver, server, opened);
    const victim = start("victim", { stopAt: step });
    victim.tell("token");
    await victim.reached(step);
    victim.signal("SIGKILL");
    await victim.ended;
    const nodes = [await opened.node("one"), await opened.node("two")];
    await Promise.all(nodes.map((node) => node.token()));
    await opened.settled(nodes);
    expect(opened.fetches()).toBeLessThanOrEqual(fetchesMax);
    expect((await opened.document())?.quota.used).toBeGreaterThanOrEqual(opened.fetches());
    await expectAccepted(opened.platform, nodes);
  });

  test.each<RefreshStep>(["send", "answered", "release"])(
    "is paused (SIGSTOP) before %s until another process has taken over does no harm when it goes on",
    async (step) => {
      const opened = await open();
      const start = await processesOf(driver, server, opened);
      const paused = start("paused", { stopAt: step });
      paused.tell("token");
      await paused.reached(step);
      paused.signal("SIGSTOP");
      const nodes = [await opened.node("one"), await opened.node("two")];
      await Promise.all(nodes.map((node) => node.token()));
      await nodes[0]!.credential.refresh();
      paused.tell("go on");
      paused.signal("SIGCONT");
      await until("the paused process has its token", async () =>
        paused.reports.some((report) => "reply" in report && report.reply === "token"),
      );
      await opened.settled(nodes);
      await until("the paused process calls with the fleet's token", async () => {
        const { token } = await paused.ask("call");
        return token === nodes[0]!.credential.peek()?.reveal();
      });
      await opened.settled(nodes);
      expect(opened.fetches()).toBeLessThanOrEqual(4);
      expect((await opened.document())?.quota.used).toBeGreaterThanOrEqual(opened.fetches());
      await expectAccepted(opened.platform, nodes);
      await paused.ask("close");
      expect(await paused.ended).toBe(0);
    },
  );
});
