/** Decides where a webhook may be sent: never into the server's own network. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { isPublicAddress } from "./public-address.ts";

export interface Destination {
  readonly url: URL;
  /** The address that was checked. The connection is made to this one only. */
  readonly address: string;
}

export interface DestinationPolicy {
  /** Hosts that may be private and without TLS: `hooks.internal`, `10.0.0.5:8080`. */
  readonly allowedHosts: readonly string[];
  /** Returns all addresses of a name. @defaultValue the machine's resolver */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
}

/** The reason why nothing was sent. Of the URL the text shows only the host. */
export class RefusedDestinationError extends Error {
  constructor(text: string) {
    super(text);
    this.name = "RefusedDestinationError";
  }
}

/**
 * Resolves the name once. All of its addresses must be public, because a name with a public and a
 * private address is an attempt to reach the server's network.
 *
 * @throws {RefusedDestinationError} The address must not be used.
 */
export async function destinationOf(text: string, policy: DestinationPolicy): Promise<Destination> {
  const { allowedHosts, resolve = addressesOf } = policy;
  const url = new URL(text);
  const { host, hostname, protocol } = url;
  const isAllowed = allowedHosts.includes(host) || allowedHosts.includes(hostname);
  if (protocol !== "https:" && !(protocol === "http:" && isAllowed))
    throw new RefusedDestinationError(
      `${host} is asked without TLS. Use https:, or allow the host by name.`,
    );
  const name = hostname.replace(/^\[(.*)\]$/, "$1");
  const found = isIP(name) === 0 ? await resolve(name) : [name];
  const [address] = found;
  if (address === undefined) throw new RefusedDestinationError(`${host} has no address.`);
  const isSafe = found.every((each) => isPublicAddress(each));
  if (!isAllowed && !isSafe)
    throw new RefusedDestinationError(
      `${host} is not on the public internet. If it is meant, allow the host by name.`,
    );
  return { url, address };
}

async function addressesOf(name: string): Promise<readonly string[]> {
  const found = await lookup(name, { all: true });
  return found.map(({ address }) => address);
}
