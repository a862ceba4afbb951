import { startServer, until } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drivers } from "../fleet/redis-clients.fixture.ts";
import { expectAccepted, fleet } from "../fleet/fleet.fixture.ts";
import type { Fleet } from "../fleet/fleet.fixture.ts";
import type { Moment } from "../fleet/refresh-steps.fixture.ts";
import { processesOf } from "../fleet/node-process.fixture.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

describe.each(drivers)("over $name, a process that refreshes", (driver) => {
  const open = (): Promise<Fleet> =>
    fleet({ address: server, open: (through) => driver.standalone(through) });

  test.each<[Moment, number, string]>([
    ["holding", 1, "costs no fetch: nothing had been announced"],
    ["send", 2, "counts as one that may have sent: the next fetch is reconciled"],
    ["answered", 3, "leaves a token that nobody knows: the fleet fetches another and reconciles"],
    ["release", 1, "has stored what it fetched: it is adopted"],
  ])(
    "and is killed (SIGKILL) at %s costs at most %i fetches: it %s",
    async (moment, fetchesMax) => {
      const opened = await open();
      const start = await processesOf(driver, server, opened);
      const victim = start("victim", { stopAt: moment });
      victim.tell("token");
      await victim.reached(moment);
      victim.signal("SIGKILL");
      await victim.ended;
      const nodes = [await opened.node("one"), await opened.node("two")];
      await Promise.all(nodes.map((node) => node.token()));
      await opened.settled(nodes);
      expect(opened.fetches()).toBeLessThanOrEqual(fetchesMax);
      expect((await opened.document())?.quota.used).toBeGreaterThanOrEqual(opened.fetches());
      await expectAccepted(opened.platform, nodes);
    },
  );

  test.each<Moment>(["send", "answered", "release"])(
    "and stands still (SIGSTOP) at %s until another has taken over harms nobody when it goes on",
    async (moment) => {
      const opened = await open();
      const start = await processesOf(driver, server, opened);
      const sleeper = start("sleeper", { stopAt: moment });
      sleeper.tell("token");
      await sleeper.reached(moment);
      sleeper.signal("SIGSTOP");
      const nodes = [await opened.node("one"), await opened.node("two")];
      await Promise.all(nodes.map((node) => node.token()));
      await nodes[0]!.credential.refresh();
      sleeper.tell("go on");
      sleeper.signal("SIGCONT");
      await until("the sleeper has its token", async () =>
        sleeper.reports.some((report) => "reply" in report && report.reply === "token"),
      );
      await opened.settled(nodes);
      await until("the sleeper calls with the fleet's token", async () => {
        const { token } = await sleeper.ask("call");
        return token === nodes[0]!.credential.peek()?.reveal();
      });
      await opened.settled(nodes);
      expect(opened.fetches()).toBeLessThanOrEqual(4);
      expect((await opened.document())?.quota.used).toBeGreaterThanOrEqual(opened.fetches());
      await expectAccepted(opened.platform, nodes);
      await sleeper.ask("close");
      expect(await sleeper.ended).toBe(0);
    },
  );
});
