/** A single server, behind a link that can be broken, with users of limited rights. */
import type {
  Backend,
  ConnectOptions,
  LinkedClient,
  Running,
  ServerControls,
} from "@lingpai/conformance";
import { systemRandom } from "@lingpai/core";
import { scopeOf } from "@lingpai/core/driver";
import { openLink, startServer } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import { standaloneFacts } from "./facts.ts";
import { rawAccess } from "./raw.ts";
import { rightsWithin } from "./rights.ts";
import { clientOf, dailyOf, linkedDeadlineMs, openWorld } from "./world.ts";
import type { Credentials, RedisDriver } from "./world.ts";

export function standaloneBackend(driver: RedisDriver): Backend {
  return {
    adapter: driver.adapter,
    backend: `${driver.client}, redis standalone`,
    facts: { ...standaloneFacts, clientPrefixes: driver.hasKeyPrefix },
    waivers: driver.standaloneWaivers ?? {},
    // Versions of one library differ in how they handle their connections.
    ...dailyOf(driver, "redis standalone", ["FAULT", "WATCH-05"]),
    start: async () => running(driver, await startServer()),
  };
}

function running(driver: RedisDriver, server: Server): Running {
  const raw = rawAccess({ holderOf: async () => server, placeOf: () => 0 });
  const controls = controlsOf(driver, server);
  return {
    open: async () => ({
      ...(await openWorld(() => driver.standalone(server))),
      ...(driver.hasKeyPrefix && {
        prefixed: async (keyPrefix: string) =>
          clientOf(await driver.standalone(server, { keyPrefix })),
      }),
      raw,
      server: controls,
      connect: (options) => linkedClient(driver, server, options),
    }),
    stop: () => server.stop(),
  };
}

async function linkedClient(
  driver: RedisDriver,
  server: Server,
  options: ConnectOptions = {},
): Promise<LinkedClient> {
  const { initially = "up", deadlineMs = linkedDeadlineMs } = options;
  const link = await openLink(server);
  if (initially === "down") await link.cut();
  const connected = await driver.standalone(link);
  if (initially === "up") await connected.ping();
  const client = clientOf(connected, { deadlineMs });
  return {
    ...client,
    deadlineMs,
    link,
    census: async () => ({ connections: link.connections(), listeners: connected.listenerCount() }),
    async close() {
      await client.close();
      await link.close();
    },
  };
}

function controlsOf(driver: RedisDriver, server: Server): ServerControls {
  return {
    async forgetScripts() {
      await server.command("SCRIPT", "FLUSH");
    },
    restart: () => server.restart(),
    async limitedTo(path) {
      const user = { username: systemRandom.id(), password: systemRandom.id() };
      const prefix = scopeOf(path).slice(0, -":{".length);
      await server.command(
        "ACL",
        "SETUSER",
        user.username,
        ...rightsWithin(prefix, user.password).split(" "),
      );
      return clientOf(await driver.standalone(server, user));
    },
    async forbidding() {
      const user: Credentials = { username: systemRandom.id(), password: systemRandom.id() };
      await server.command(
        "ACL",
        "SETUSER",
        user.username,
        "on",
        `>${user.password}`,
        "~*",
        "&*",
        "+@all",
        "-evalsha",
      );
      return { ...clientOf(await driver.standalone(server, user)), command: "evalsha" };
    },
  };
}
