import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { openLink } from "./link.ts";
import type { Link } from "./link.ts";
import { openWire } from "./resp.ts";
import type { Wire } from "./resp.ts";
import { startServer } from "./server.ts";
import type { Server } from "./server.ts";

let server: Server;
let link: Link;
let wire: Wire;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

beforeEach(async () => {
  link = await openLink(server);
  wire = await openWire(link);
});
afterEach(async () => {
  wire.close();
  await link.close();
});

const outcome = (reply: Promise<unknown>): Promise<unknown> =>
  reply.catch((error: Error) => error.message);

test("a link passes commands on and counts them", async () => {
  expect(await wire.command("SET", "key", "value")).toBe("OK");
  expect(await wire.command("GET", "key")).toBe("value");
  expect(await link.commands()).toBe(2);
  expect(link.connections()).toBe(1);
});

test("reset ends the open connections and accepts new ones", async () => {
  await link.reset();
  expect(await outcome(wire.command("PING"))).toContain("closed");
  const next = await openWire(link);
  expect(await next.command("PING")).toBe("PONG");
  next.close();
});

test("cut refuses new connections until it is healed, on the same port", async () => {
  await link.cut();
  await expect(openWire(link)).rejects.toThrow("ECONNREFUSED");
  await link.heal();
  const next = await openWire(link);
  expect(await next.command("PING")).toBe("PONG");
  next.close();
});

test("freeze delays everything until heal", async () => {
  await link.freeze();
  let answered = false;
  const reply = wire.command("PING").then((text) => {
    answered = true;
    return text;
  });
  await server.command("PING");
  expect(answered).toBe(false);
  await link.heal();
  expect(await reply).toBe("PONG");
});

test("a stranded connection is silent, and is reset when it sends something after heal", async () => {
  await link.strand();
  const lost = outcome(wire.command("SET", "stranded", "value"));
  const next = await openWire(link);
  expect(await next.command("EXISTS", "stranded")).toBe(0);
  next.close();
  await link.heal();
  void outcome(wire.command("PING"));
  expect(await lost).toContain("closed");
});

test("loseReply passes the command on, but not its answer", async () => {
  await link.loseReply();
  expect(await outcome(wire.command("SET", "lost", "value"))).toContain("closed");
  expect(await server.command("GET", "lost")).toBe("value");
});

test("refuse answers one command with an error instead of passing it on", async () => {
  await link.refuse("LOADING Redis is loading");
  expect(await outcome(wire.command("SET", "refused", "value"))).toBe("LOADING Redis is loading");
  expect(await wire.command("EXISTS", "refused")).toBe(0);
});
