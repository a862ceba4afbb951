import { delay, systemClock } from "@lingpai/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openWire } from "./resp.ts";
import { startServer } from "./server.ts";
import type { Server } from "./server.ts";

let server: Server;

beforeAll(async () => {
  server = await startServer({
    config: ["maxmemory 50mb"],
    users: ["prod on >secret ~prod:* +get"],
  });
});
afterAll(() => server.stop());

test("a server has the given configuration and users", async () => {
  expect(await server.command("CONFIG", "GET", "maxmemory")).toEqual([
    "maxmemory",
    String(50 * 2 ** 20),
  ]);
  expect(await server.command("ACL", "USERS")).toEqual(["default", "prod"]);
});

test("a restarted server has the same port and data in a new process", async () => {
  await server.command("SET", "key", "value");
  const { pid, port } = server;
  await server.restart();
  expect(server.pid).not.toBe(pid);
  expect(server.port).toBe(port);
  expect(await server.command("GET", "key")).toBe("value");
});

test("a killed server is gone until its restart", async () => {
  await server.kill();
  await expect(server.command("PING")).rejects.toThrow("ECONNREFUSED");
  expect(() => server.pid).toThrow("not running");
  await server.restart();
  expect(await server.command("PING")).toBe("PONG");
});

test("a frozen server answers nothing, and everything once it is thawed", async () => {
  const wire = await openWire(server);
  server.freeze();
  const reply = wire.command("PING");
  expect(await Promise.race([reply, delay(systemClock, 50)])).toBeUndefined();
  server.thaw();
  expect(await reply).toBe("PONG");
  wire.close();
});

test("a server that cannot start fails with its log", async () => {
  await expect(startServer({ config: ["no-such-directive 1"] })).rejects.toThrow(
    "no-such-directive",
  );
});
