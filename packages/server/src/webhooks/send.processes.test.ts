/** Deliveries over real sockets, to hostile receivers. */
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock } from "@lingpai/core";
import { manualClock } from "@lingpai/core/testing";
import { afterEach, expect, test } from "vitest";
import { destinationOf } from "./destination.ts";
import { send } from "./send.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listening(respond: RequestListener, host: string, port = 0): Promise<number> {
  const server = createServer(respond);
  servers.push(server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

const message = { body: '{"type":"contended"}', headers: { "webhook-id": "msg_1" } };

test("a name that resolves to a private address at the second look-up never leads there", async () => {
  const inside: string[] = [];
  const outside: string[] = [];
  // 127.0.0.2 stands for the public receiver, 127.0.0.1 for the server's own network.
  const port = await listening(({ headers }, response) => {
    outside.push(headers.host ?? "");
    response.end();
  }, "127.0.0.2");
  await listening(
    ({ url = "" }, response) => {
      inside.push(url);
      response.end();
    },
    "127.0.0.1",
    port,
  );
  let asked = 0;
  const policy = {
    allowedHosts: ["rebinding.example.com"],
    resolve: async () => [(asked += 1) === 1 ? "127.0.0.2" : "127.0.0.1"],
  };
  const url = `http://rebinding.example.com:${port}/hook`;
  const destination = await destinationOf(url, policy);
  expect(await send(destination, message, systemClock)).toEqual({ status: 200, retryAfterMs: 0 });
  expect([asked, outside, inside]).toEqual([1, [`rebinding.example.com:${port}`], []]);
});

test("a redirect is not followed", async () => {
  const paths: string[] = [];
  const port = await listening(({ url = "" }, response) => {
    paths.push(url);
    response.writeHead(307, { location: "/inside", "retry-after": "7" }).end();
  }, "127.0.0.1");
  const destination = { url: new URL(`http://127.0.0.1:${port}/hook`), address: "127.0.0.1" };
  const reply = await send(destination, message, systemClock);
  expect([reply, paths]).toEqual([{ status: 307, retryAfterMs: 7_000 }, ["/hook"]]);
});

test("an endless response body costs nothing, and the message arrives whole", async () => {
  let received = "";
  const port = await listening((request, response) => {
    request.setEncoding("utf8").on("data", (chunk: string) => (received += chunk));
    request.once("end", () => {
      response.writeHead(200);
      const write = (): void => {
        while (response.writable && response.write("x".repeat(65_536)));
      };
      response.on("drain", write);
      write();
    });
  }, "127.0.0.1");
  const destination = { url: new URL(`http://127.0.0.1:${port}/`), address: "127.0.0.1" };
  expect((await send(destination, message, systemClock)).status).toBe(200);
  expect(received).toBe(message.body);
});

test("a delivery to a receiver that never answers is given up", async () => {
  const clock = manualClock();
  const arrived = Promise.withResolvers<void>();
  const port = await listening(() => arrived.resolve(), "127.0.0.1");
  const destination = { url: new URL(`http://127.0.0.1:${port}/`), address: "127.0.0.1" };
  const sending = send(destination, message, clock).catch((error: unknown) => String(error));
  await arrived.promise;
  await clock.advance(15_000);
  expect(await sending).toContain("no answer within 15000 ms");
  expect(clock.pendingTimers).toBe(0);
});
