/** Free TCP ports on loopback. */
import { createServer, type Server } from "node:net";
import { type Random, systemRandom } from "@lingpai/core";

/**
 * Below the ports that Linux, macOS and Windows give to outgoing connections and to port 0. So a
 * server that stops and comes back finds its port free.
 */
const first = 10_240;
const count = 12_288;

/** Returns distinct ports that were free a moment ago. */
export async function freePorts(wanted: number, random: Random = systemRandom): Promise<number[]> {
  const holders: Server[] = [];
  const ports: number[] = [];
  while (ports.length < wanted) {
    const port = first + Math.floor(random.next() * count);
    const holder = await listening(port);
    if (holder === undefined) continue;
    holders.push(holder);
    ports.push(port);
  }
  await Promise.all(holders.map((holder) => new Promise((resolve) => holder.close(resolve))));
  return ports;
}

/** Resolves to undefined if the port is taken. */
function listening(port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" || error.code === "EACCES" ? resolve(undefined) : reject(error),
    );
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
