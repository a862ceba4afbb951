/**
 * Records the commands that reach a Redis server over the wire, from all clients. Commands that
 * scripts call inside the server are left out.
 */
import { systemRandom } from "@lingpai/core";
import { Redis } from "ioredis";

export interface Wire extends AsyncDisposable {
  /** Every command since the last call, as `[name, …arguments]`, the name in upper case. */
  take(): Promise<readonly (readonly string[])[]>;
}

/** The commands that set up, keep or end a connection, and are not part of its use. */
const setUp = new Set([
  "HELLO",
  "AUTH",
  "INFO",
  "CLIENT",
  "SELECT",
  "PING",
  "COMMAND",
  "READONLY",
  "QUIT",
]);

export const isSetUp = ([name = ""]: readonly string[]): boolean => setUp.has(name);

/**
 * Listens through MONITOR. `INFO commandstats` would also count commands inside scripts, so it
 * cannot tell one round trip from five. MONITOR slows the server down: count and time in separate
 * runs if the server is busy.
 */
export async function openWire(url: string): Promise<Wire> {
  const control = new Redis(url);
  const opener = new Redis(url);
  const monitor = await opener.monitor();
  opener.disconnect();
  let seen: (readonly string[])[] = [];
  let onMark: { readonly text: string; readonly reached: () => void } | undefined;
  monitor.on("monitor", (_time: string, parts: readonly string[], source: string) => {
    if (source === "lua") return;
    const [name = "", ...args] = parts;
    if (name.toUpperCase() === "ECHO" && args[0] === onMark?.text) return onMark?.reached();
    seen.push([name.toUpperCase(), ...args]);
  });
  const take: Wire["take"] = async () => {
    const mark = Promise.withResolvers<void>();
    onMark = { text: systemRandom.id(), reached: mark.resolve };
    await control.echo(onMark.text);
    await mark.promise;
    const taken = seen;
    seen = [];
    return taken;
  };
  await take();
  return {
    take,
    async [Symbol.asyncDispose]() {
      monitor.disconnect();
      control.disconnect();
    },
  };
}
