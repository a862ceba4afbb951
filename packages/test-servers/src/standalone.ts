/** A standalone server for tests that only need one to be there. */
import { once } from "./resp.ts";
import type { Address, Reply } from "./resp.ts";
import { startServer } from "./server.ts";

/** A server that tests may use but not break. It may be shared and contain foreign data. */
export interface Standalone extends Address {
  readonly url: string;
  command(...parts: ReadonlyArray<string | Uint8Array>): Promise<Reply>;
  /** Ends it if it was started here. */
  stop(): Promise<void>;
}

/**
 * Returns the server that `REDIS_URL` names (`redis://host:port`), or else a new one on a free
 * port. Use {@link startServer} for faults.
 */
export async function standalone(): Promise<Standalone> {
  const url = process.env["REDIS_URL"];
  if (!url) return startServer();
  const { hostname, port, protocol, username, password } = new URL(url);
  if (protocol !== "redis:" || username || password) {
    throw new Error(
      "REDIS_URL must be redis://host:port for the tests, without TLS and credentials.",
    );
  }
  const address = { host: hostname, port: Number(port || 6379) };
  return {
    ...address,
    url,
    command: (...parts) => once(address, ...parts),
    stop: () => Promise.resolve(),
  };
}
