/**
 * A process that stores a token, first sealed and then unsealed, while everything that can be
 * observed is observed: `node tracing.fixture.ts CLIENT URL`.
 *
 * It subscribes to every diagnostics channel that a driver makes, whatever its name, because a
 * later version may have more. The parent reads all that is printed, the drivers' debug output
 * included. One line in both streams separates the two parts. The last two lines list what was
 * observed.
 */
import diagnostics from "node:diagnostics_channel";
import type { Channel, TracingChannel } from "node:diagnostics_channel";
import { syncBuiltinESMExports } from "node:module";
import { credential, systemClock } from "@lingpai/core";
import { createStore } from "@lingpai/core/driver";
import type { Issuer } from "@lingpai/core";
import type { StoreOptions } from "@lingpai/core/driver";
import { scriptedIssuer } from "@lingpai/core/testing";
import Keyv from "keyv";
import { keyvCache, keyvLock } from "./index.ts";

const [library = "", url = ""] = process.argv.slice(2);
const marker = "QZ7f-Marker-kV3x-Token-9pLw-R2dN";
let heard: { readonly channel: string; readonly message: unknown }[] = [];

function hear(channel: Channel): void {
  channel.subscribe((message, name) => heard.push({ channel: String(name), message }));
}

/**
 * Node's own channels are created by name too. Only those that a driver creates after this are of
 * interest.
 */
function listenToAll(): void {
  const { channel, tracingChannel } = diagnostics;
  diagnostics.channel = (name) => {
    const made = channel(name);
    hear(made);
    return made;
  };
  diagnostics.tracingChannel = ((name: string) => {
    const made: TracingChannel = tracingChannel(name);
    for (const phase of ["start", "end", "asyncStart", "asyncEnd", "error"] as const)
      hear(made[phase]);
    return made;
  }) as typeof tracingChannel;
  syncBuiltinESMExports();
}

interface Native {
  readonly native: object;
  close(): unknown;
}

const connect: Readonly<Record<string, () => Promise<Native>>> = {
  async pg() {
    const native = new (await import("pg")).default.Pool({ connectionString: url });
    return { native, close: () => native.end() };
  },
  async mysql2() {
    const native = (await import("mysql2")).default.createPool({ uri: url });
    return { native, close: () => native.promise().end() };
  },
  async "mysql2 with debug"() {
    const native = (await import("mysql2")).default.createPool({ uri: url, debug: true });
    return { native, close: () => native.promise().end() };
  },
  async etcd3() {
    const native = new (await import("etcd3")).Etcd3({ hosts: url });
    return { native, close: () => native.close() };
  },
  async ioredis() {
    const native = new (await import("ioredis")).Redis(url);
    return { native, close: () => native.disconnect() };
  },
  async "@redis/client"() {
    const native = (await import("@redis/client")).createClient({ url });
    await native.connect();
    return { native, close: () => native.destroy() };
  },
  async memjs() {
    const native = new (await import("@keyv/memcache")).default(url).client;
    return { native, close: () => native.close() };
  },
};

listenToAll();
const { native, close } = await connect[library]!();
const options = { native, deadlineMs: 20_000 };

/**
 * Collects as one line what is observed while a token is fetched and stored, and the types of the
 * credential's events.
 */
async function stored(environment: string, sealing: StoreOptions): Promise<string> {
  heard = [];
  const store = createStore(
    keyvCache(new Keyv(), options),
    keyvLock(new Keyv(), { ...options, guarantee: "advisory" }),
    sealing,
  );
  const scripted = scriptedIssuer({
    clock: systemClock,
    latencyMs: 1,
    id: `test:plain:${environment}`,
  });
  const issuer: Issuer = {
    ...scripted,
    issue: async (request) => ({ ...(await scripted.issue(request)), secret: marker }),
  };
  const one = credential({ issuer, store, environment });
  const types: string[] = [];
  one.watch(({ type }) => void types.push(type));
  await one.get();
  await one.close();
  return JSON.stringify({ types, text: textOf(heard) });
}

function textOf(messages: readonly unknown[]): string {
  const visited = new WeakSet<object>();
  return JSON.stringify(messages, (_name, value: unknown) => {
    if (typeof value === "bigint") return String(value);
    if (Buffer.isBuffer(value)) return value.toString("latin1");
    if (typeof value !== "object" || value === null) return value;
    if (visited.has(value)) return undefined;
    visited.add(value);
    return value;
  });
}

const sealed = await stored("sealed", { seal: "5e".repeat(32) });
for (const stream of [process.stdout, process.stderr]) stream.write("\n--- open from here ---\n");
const open = await stored("open", {});
await close();
process.stdout.write(`\n${sealed}\n${open}\n`);
