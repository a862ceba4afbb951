/** What is shown of a ticket whose quota the platform calls used up. Its size is not documented. */
import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import { during, manualClock } from "@lingpai/core/testing";
import { createSimulator } from "@lingpai/wechat-simulator";
import { expect, onTestFinished, test } from "vitest";
import { wechat } from "../account/wechat.ts";

test("a ticket that is refused with 45009 counts the requests that were sent", async () => {
  const clock = manualClock();
  const account = { appId: "wx0123456789abcdef", secret: "0123456789abcdef0123456789abcdef" };
  const simulator = createSimulator({ accounts: [account], clock });
  const store = memoryStore({ clock });
  const client = wechat({
    ...account,
    environment: "prod",
    cache: memoryCache(store),
    lock: memoryLock(store),
    clock,
    fetch: simulator.fetch,
  });
  onTestFinished(() => client.close());
  simulator.faults.next({ errcode: 45009 }, { endpoint: "/cgi-bin/ticket/getticket" });
  const ticket = client.ticket("jsapi");
  await expect(during(clock, ticket.get())).rejects.toThrow(/45009/);
  expect(ticket.status().quota).toEqual({ used: 1, perDay: undefined });
});
