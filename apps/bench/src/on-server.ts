import { startServer, type Server } from "@lingpai/test-servers";

/** Registers a resource that is disposed of when the bench ends, and returns it. */
export type Use = <R extends AsyncDisposable>(resource: R) => R;

/**
 * Starts a Redis server for one bench. Registered resources are disposed of before it stops, the
 * last one first. (`await using` would do that from Node 24 on.)
 */
export async function onServer<T>(work: (server: Server, use: Use) => Promise<T>): Promise<T> {
  const server = await startServer();
  const used: AsyncDisposable[] = [];
  const use: Use = (resource) => {
    used.push(resource);
    return resource;
  };
  try {
    return await work(server, use);
  } finally {
    for (const resource of used.toReversed()) await resource[Symbol.asyncDispose]();
    await server.stop();
  }
}
