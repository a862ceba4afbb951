/** The simulator on a loopback port, for clients in other processes and other languages. */
import type { AddressInfo } from "node:net";
import type { HttpBindings, Http2Bindings } from "@hono/node-server";
import { serve } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Simulator } from "./simulator.ts";

export interface ListenOptions {
  /** @defaultValue 0, any free port */
  readonly port?: number;
  /** @defaultValue "127.0.0.1" */
  readonly host?: string;
}

export interface SimulatorServer extends AsyncDisposable {
  /** Without a trailing slash: `http://127.0.0.1:49152`. */
  readonly url: string;
  /** Breaks all connections and frees the port. */
  close(): Promise<void>;
}

/** Serves the simulator until it is closed. Rejects when the port is taken. */
export function listen(
  simulator: Simulator,
  { port = 0, host = "127.0.0.1" }: ListenOptions = {},
): Promise<SimulatorServer> {
  const respond = async (
    request: Request,
    { outgoing }: HttpBindings | Http2Bindings,
  ): Promise<Response> => {
    const arrival = await simulator.handle(request);
    if (arrival.kind === "reply") return arrival.reply;
    if (arrival.kind === "reset" || arrival.kind === "no-tunnel") outgoing.destroy();
    return RESPONSE_ALREADY_SENT;
  };

  return new Promise((resolve, reject) => {
    const server = serve(
      { fetch: respond, port, hostname: host, overrideGlobalObjects: false },
      (address: AddressInfo) => {
        server.off("error", reject);
        const close = (): Promise<void> =>
          new Promise((closed, failed) => {
            server.close((error) => (error ? failed(error) : closed()));
            if ("closeAllConnections" in server) server.closeAllConnections();
          });
        const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
        resolve({ url: `http://${name}:${address.port}`, close, [Symbol.asyncDispose]: close });
      },
    );
    server.once("error", reject);
  });
}
