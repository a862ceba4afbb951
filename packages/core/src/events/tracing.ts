/**
 * Publishes calls that take time on two of Node's tracing channels, for tracers. Without a
 * subscriber nothing is created or published.
 */
import { tracingChannel } from "node:diagnostics_channel";
import type { RefreshReason } from "../issuer.ts";

/**
 * The calls of `get()` that this process's memory could not serve:
 * `tracingChannel(getChannelName).subscribe({ start, error, asyncEnd })`, each given a
 * {@link TracedGet}. A call served from memory is not published.
 */
export const getChannelName = "lingpai:get";

/**
 * The refreshes of this process, each given a {@link TracedRefresh}: what a node does to get a
 * credential that serves, from reading the store to fetching. Many calls may wait for one.
 */
export const refreshChannelName = "lingpai:refresh";

interface TracedWork {
  readonly credential: string;
  readonly environment: string;
  readonly node: string;
  /**
   * A subscriber of `start` may set it. The work then runs inside it, so that a tracer can make its
   * span the active one.
   */
  within?: (<T>(work: () => T) => T) | undefined;
  /** Why it failed, at `error`. */
  readonly error?: unknown;
}

export interface TracedGet extends TracedWork {
  /**
   * The origin of the credential, at `asyncEnd`: this node fetched it (`refresh`), or another one
   * did (`store`).
   */
  source?: "refresh" | "store" | undefined;
}

export interface TracedRefresh extends TracedWork {
  readonly reason: RefreshReason;
}

/** The settings that identify the credential and the node. */
interface Owner {
  readonly issuer: { readonly id: string };
  readonly environment: string;
  readonly node: string;
}

/** Made once: each takes five channels, and a herd of callers would make them again and again. */
const channels = {
  [getChannelName]: tracingChannel<unknown, object>(getChannelName),
  [refreshChannelName]: tracingChannel<unknown, object>(refreshChannelName),
};

/** Returns true while anybody has subscribed to this channel. */
export function isTraced(name: typeof getChannelName | typeof refreshChannelName): boolean {
  return channels[name].hasSubscribers;
}

/** Does the work, and publishes it if anybody has subscribed. The result is never published. */
export async function traced<T, More extends object>(
  name: typeof getChannelName | typeof refreshChannelName,
  { issuer, environment, node }: Owner,
  more: More,
  work: (traced?: TracedGet & More) => Promise<T>,
): Promise<T> {
  const channel = channels[name];
  if (!channel.hasSubscribers) return work();
  const published: TracedGet & More = { credential: issuer.id, environment, node, ...more };
  const results: T[] = [];
  const run = async (): Promise<void> => {
    results.push(await work(published));
  };
  await channel.tracePromise(
    () => (published.within === undefined ? run() : published.within(run)),
    published,
  );
  return results[0] as T;
}
