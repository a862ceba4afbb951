import { startServer, type Server } from "@lingpai/test-servers";

/** Takes something into use until the bench ends, and gives it back. */
export type Use = <R extends AsyncDisposable>(resource: R) => R;

/**
 * A Redis server for one bench. What it takes into use is disposed of before, the last first;
 * `await using` would do it, from Node 24 on.
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
