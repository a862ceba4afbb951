import { manualClock, seededRandom } from "@lingpai/core/testing";
import { afterEach, expect, test } from "vitest";
import type { SimulatorServer } from "./server.ts";
import { listen } from "./server.ts";
import { createSimulator } from "./simulator.ts";

const appId = "wx0123456789abcdef";
const secret = "0123456789abcdef0123456789abcdef";
const path = `/cgi-bin/token?grant_type=client_credential&appid=${appId}&secret=${secret}`;
const servers: SimulatorServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serving() {
  const clock = manualClock();
  const simulator = createSimulator({
    clock,
    random: seededRandom(1),
    accounts: [{ appId, secret }],
    overlapMs: 0,
  });
  const server = await listen(simulator);
  servers.push(server);
  return { clock, simulator, server };
}

test("the endpoints answer over HTTP on a free loopback port, and the log shows the client's name from its header", async () => {
  const { simulator, server } = await serving();
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const response = await fetch(server.url + path, { headers: { "x-lingpai-node": "node-1" } });
  expect(await response.json()).toMatchObject({ expires_in: 7200 });
  const body = JSON.stringify({ grant_type: "client_credential", appid: appId, secret });
  expect(
    await (await fetch(`${server.url}/cgi-bin/stable_token`, { method: "POST", body })).json(),
  ).toMatchObject({ expires_in: 7200 });
  expect(simulator.log.issues(appId)).toMatchObject([
    { tokenId: "T1", caller: "node-1" },
    { tokenId: "T2" },
  ]);
});

test("a lost reply breaks the connection after the token was issued", async () => {
  const { simulator, server } = await serving();
  simulator.faults.next({ loseReply: true });
  await expect(fetch(server.url + path)).rejects.toThrow("fetch failed");
  expect(simulator.operator.liveTokenIds(appId)).toEqual(["T1"]);
});

test("a request that is never answered stays open until the client aborts", async () => {
  const { simulator, server } = await serving();
  simulator.faults.next({ loseReply: "silence" });
  const controller = new AbortController();
  const rejected = expect(fetch(server.url + path, { signal: controller.signal })).rejects.toThrow(
    "deadline",
  );
  await expect.poll(() => simulator.log.issues().length).toBe(1);
  controller.abort(new Error("deadline"));
  await rejected;
});

test("a request whose client has gone is still processed", async () => {
  const { clock, simulator, server } = await serving();
  simulator.faults.next({ delayBeforeMs: 10_000 });
  const controller = new AbortController();
  const rejected = expect(
    fetch(server.url + path, { method: "GET", signal: controller.signal }),
  ).rejects.toThrow("deadline");
  await expect.poll(() => clock.pendingTimers).toBe(1);
  controller.abort(new Error("deadline"));
  await rejected;
  await clock.advance(10_000);
  expect(simulator.operator.liveTokenIds(appId)).toEqual(["T1"]);
});

test("a port in use causes an error, and a closed server frees its port", async () => {
  const { simulator, server } = await serving();
  const port = Number(new URL(server.url).port);
  await expect(listen(simulator, { port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  await server.close();
  servers.length = 0;
  servers.push(await listen(simulator, { port }));
  expect(servers[0]?.url).toBe(server.url);
});
