/**
 * A proxy that passes on everything except the messages of subscriptions, as some proxies of Redis
 * do.
 */
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import type { Address } from "./resp.ts";

export interface SwallowingProxy {
  readonly url: string;
  close(): Promise<void>;
}

/** Ends with all its connections when it is closed. */
export async function swallowingProxy(target: Address): Promise<SwallowingProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket
        .on("error", () => {})
        .on("close", () => [client, upstream].map((one) => one.destroy()));
    }
    client.pipe(upstream);
    // A message comes in a piece of its own, because nothing else is sent on such a connection.
    upstream.on("data", (piece: Buffer) => {
      if (!/^[*>]3\r\n\$7\r\nmessage\r\n/.test(piece.toString("latin1"))) client.write(piece);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `redis://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
