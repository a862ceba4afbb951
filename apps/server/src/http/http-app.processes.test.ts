/** The options with which the socket is opened. */
import { Server } from "node:net";
import { systemClock } from "@lingpai/core";
import { expect, test, vi } from "vitest";
import { httpApp } from "./http-app.ts";

test("ten thousand callers that connect at once, as when another replica ended, are all accepted", async () => {
  const listened = vi.spyOn(Server.prototype, "listen");
  const handle = async (): Promise<Response> => new Response("here");
  const app = await httpApp({ handle, tls: undefined, clock: systemClock });
  const url = await app.listen("127.0.0.1", 0);
  try {
    expect(await (await fetch(url)).text()).toBe("here");
    const backlogs = listened.mock.calls.map(([given]) => (given as { backlog?: number }).backlog);
    expect(backlogs).toEqual([expect.any(Number)]);
    expect(backlogs[0]).toBeGreaterThanOrEqual(10_000);
  } finally {
    listened.mockRestore();
    await app.stop(1_000);
  }
});
