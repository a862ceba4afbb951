/** Access to Redis without the adapter, by Redis's own names. */
import type { Raw, RawChannel } from "@lingpai/conformance";
import { nameOf, scopeOf } from "@lingpai/core/driver";
import { changesChannel, fenceKey, lockKey } from "@lingpai/redis";
import { openWire } from "@lingpai/test-servers";
import { wiresTo } from "./wires.ts";
import type { Holders, Wires } from "./wires.ts";

export function rawAccess(holders: Holders): Raw {
  const wires = wiresTo(holders);
  const send = (key: string, ...parts: ReadonlyArray<string | Uint8Array>): Promise<unknown> =>
    wires.use(key, (wire) => wire.command(...parts));
  const foreign = (
    title: string,
    ...parts: readonly [command: string, ...rest: string[]]
  ): Raw["foreign"][number] => ({
    title,
    async put(name) {
      await send(name, "DEL", name);
      const [command, ...rest] = parts;
      await send(name, command, name, ...rest);
    },
  });
  return {
    entry: nameOf,
    lock: (path, name) => lockKey(nameOf(path, name)),
    fence: (path, name) => fenceKey(nameOf(path, name)),
    async peek(name) {
      const type = String(await send(name, "TYPE", name));
      if (type === "none") return undefined;
      const read = readers.get(type);
      if (read === undefined) throw new Error(`The test does not know how to read a ${type}.`);
      const [command, ...rest] = read;
      return `${type} ${JSON.stringify(await send(name, command, name, ...rest))}`;
    },
    async poke(name, bytes) {
      await send(name, "SET", name, bytes);
    },
    async remove(name) {
      await send(name, "DEL", name);
    },
    channel: channelAccess(holders, wires),
    foreign: [
      foreign("a hash", "HSET", "v", "1", "d", "value"),
      foreign("a list", "RPUSH", "value"),
      foreign("an empty text", "SET", ""),
      foreign("a foreign text", "SET", '{"token":"value"}'),
      foreign("an older layout", "SET", "lp0:0123456789abcdef:value"),
      foreign("a newer layout", "SET", "lp2:0123456789abcdef:value"),
      foreign("a truncated entry", "SET", "lp1:0123456789"),
    ],
  };
}

const readers: ReadonlyMap<string, readonly [string, ...string[]]> = new Map([
  ["string", ["GET"]],
  ["hash", ["HGETALL"]],
  ["list", ["LRANGE", "0", "-1"]],
]);

function channelAccess(holders: Holders, wires: Wires): RawChannel {
  const channelOf = (path: readonly string[]): string => changesChannel(scopeOf(path));
  return {
    async publish(path, ...payloads) {
      const channel = channelOf(path);
      await wires.use(channel, (wire) =>
        Promise.all(payloads.map((payload) => wire.command("PUBLISH", channel, payload))),
      );
    },
    async overhear(path) {
      const messages: string[] = [];
      const wire = await openWire(await holders.holderOf(channelOf(path)), (reply) => {
        if (Array.isArray(reply) && reply[0] === "message") messages.push(String(reply[2]));
      });
      await wire.command("SUBSCRIBE", channelOf(path));
      return { messages, stop: async () => wire.close() };
    },
  };
}
