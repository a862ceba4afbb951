/**
 * Six set-ups with typical mistakes of newcomers, made of real fleets over a Redis and the
 * simulated platform. `node apps/cli/src/doctor/broken-set-ups.fixture.ts NAME` makes one, prints
 * how to examine it, and keeps it until Ctrl-C.
 */
import { execFileSync } from "node:child_process";
import { ioredisStore } from "@lingpai/adapter-ioredis";
import { startServer, swallowingProxy } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import { wechat } from "@lingpai/wechat";
import type { WechatOptions } from "@lingpai/wechat";
import { createSimulator } from "@lingpai/wechat-simulator";
import { Redis } from "ioredis";

export interface SetUp {
  /** The options that a newcomer gives the doctor. */
  readonly args: readonly string[];
  /** Further variables of the doctor's process. */
  readonly env: Readonly<Record<string, string>>;
  /** The cause and the remedy that the first screen must name. */
  readonly cause: RegExp;
  readonly remedy: RegExp;
}

const appId = "wx0123456789abcdef";
const secret = "0123456789abcdef0123456789abcdef";

interface World {
  readonly server: Server;
  readonly simulator: ReturnType<typeof createSimulator>;
  /** A node of an environment. It is closed with the world. */
  node(environment: string, options?: Partial<WechatOptions>): ReturnType<typeof wechat>;
  readonly closers: (() => unknown)[];
}

export const setUps: Readonly<Record<string, (world: World) => Promise<SetUp>>> = {
  /** Development has production's AppID, and the conflict error was disabled. */
  async "shared AppID"({ node, server }) {
    await node("production").token();
    await node("development", { onConflict: "warn" }).token();
    return {
      args: ["--store", server.url],
      env: {},
      cause: /"production" and "development" have claimed wechat:plain:wx0123456789abcdef/,
      remedy: /AppID of its own/,
    };
  },

  /** The tokens are in a Redis that is configured as a page cache. */
  async "evicting Redis"({ node, server }) {
    await server.command("CONFIG", "SET", "maxmemory", "256mb");
    await server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    await node("production").token();
    return {
      args: ["--store", server.url],
      env: {},
      cause: /maxmemory-policy of the server is allkeys-lru/,
      remedy: /Set maxmemory-policy to noeviction/,
    };
  },

  /** The user may use its own keys, but neither the registry of claims nor its channels. */
  async "ACL too narrow"({ node, server }) {
    await node("production").token();
    const rights =
      "on >pw ~production:* resetchannels -@all +@read +@write +@scripting +@connection";
    await server.command("ACL", "SETUSER", "production", "reset", ...rights.split(" "));
    const { host, port } = server;
    return {
      args: ["--store", `redis://production:pw@${host}:${port}`, "--environment", "production"],
      env: {},
      cause: /Redis refuses what Lingpai needs[\s\S]*"production:"/,
      remedy: /Grant this user the ACL line of the adapter's README/,
    };
  },

  /** A script with the AppSecret fetches a token of its own every morning. */
  async "foreign refresher"({ node, server, simulator }) {
    const one = node("production");
    await one.token();
    const url = `https://api.weixin.qq.com/cgi-bin/token?grant_type=client_credential&appid=${appId}&secret=${secret}`;
    for (let morning = 1; morning <= 2; morning++) {
      await simulator.fetch(url);
      await one.request("/cgi-bin/user/info?openid=o");
    }
    return {
      args: ["--store", server.url],
      env: {},
      cause: /was replaced from outside/,
      remedy: /Find who else has the AppSecret/,
    };
  },

  /** The machine's clock is no longer synchronised. */
  async "wrong clock"({ node, server }) {
    await node("production").token();
    return {
      args: ["--store", server.url],
      env: slowClock(600),
      cause: /clock of the server is 10 min ahead of this machine's/,
      remedy: /Run NTP/,
    };
  },

  /** A proxy in front of Redis confirms subscriptions and delivers nothing. */
  async "swallowed subscriptions"({ closers, node, server }) {
    await node("production").token();
    const proxy = await swallowingProxy(server);
    closers.push(() => proxy.close());
    return {
      args: ["--store", proxy.url],
      env: {},
      cause: /did not come back in 4 s/,
      remedy: /Connect to Redis itself rather than to the proxy/,
    };
  },
};

/** Makes a set-up, and returns a function that undoes it. */
export async function setUp(name: string): Promise<readonly [SetUp, () => Promise<void>]> {
  const make = setUps[name];
  if (make === undefined)
    throw new Error(`There is no set-up "${name}". There are: ${Object.keys(setUps).join(", ")}.`);
  const server = await startServer();
  const closers: (() => unknown)[] = [() => server.stop()];
  const close = async (): Promise<void> => {
    for (const end of closers.toReversed()) await end();
  };
  const simulator = createSimulator({ accounts: [{ appId, secret }], overlapMs: 0 });
  const node: World["node"] = (environment, options = {}) => {
    const redis = new Redis(server.url);
    const one = wechat({
      appId,
      secret,
      mode: "plain",
      overlapMs: 0,
      environment,
      store: ioredisStore(redis),
      fetch: simulator.fetch,
      ...options,
    });
    closers.push(
      () => redis.disconnect(),
      () => one.close(),
    );
    return one;
  };
  try {
    return [await make({ server, simulator, node, closers }), close];
  } catch (error) {
    await close();
    throw error;
  }
}

/** The variables of a process whose wall clock is this many seconds late. */
function slowClock(seconds: number): Readonly<Record<string, string>> {
  const args = ["-f", "+0s", "printenv", "LD_PRELOAD"];
  const library = execFileSync("faketime", args, { encoding: "utf8" }).trim();
  return {
    LD_PRELOAD: library,
    FAKETIME: `-${seconds}s`,
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  };
}

if (import.meta.main) {
  const [{ args, env }, close] = await setUp(process.argv.slice(2).join(" "));
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value} `);
  console.log(`${variables.join("")}npx lingpai doctor ${args.join(" ")}`);
  process.once("SIGINT", () => void close());
}
