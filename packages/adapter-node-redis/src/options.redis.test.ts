import { expectOwnPrefix, expectUndisturbed, ownPrefix } from "@lingpai/test-redis";
import { startServer } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import * as client6 from "@redis/client";
import * as client5 from "redis-client5";
import { afterAll, beforeAll, beforeEach, describe, onTestFinished, test } from "vitest";
import { nodeRedisCache, nodeRedisLock } from "./index.ts";
import type { NodeRedisClient } from "./index.ts";

const within = { deadlineMs: 5_000 };
let server: Server;

beforeAll(async () => {
  server = await startServer();
});
beforeEach(async () => void (await server.command("FLUSHALL")));
afterAll(() => server.stop());

/** Constructs and closes a client of one version, with any options. */
interface Library {
  createClient(options: object): NodeRedisClient & {
    connect(): Promise<unknown>;
    destroy(): unknown;
    on(event: "error", listener: () => void): unknown;
  };
}

async function connect({ createClient }: Library, options: object): Promise<NodeRedisClient> {
  const client = createClient({ socket: { host: server.host, port: server.port }, ...options });
  client.on("error", () => {});
  await client.connect();
  onTestFinished(() => void client.destroy());
  return client;
}

test("keyPrefix of version 6 is prepended once to every name, does not appear in keys(), and limits clear()", async () => {
  const client = await connect(client6, { keyPrefix: ownPrefix });
  await expectOwnPrefix(
    server,
    nodeRedisCache(client, within).withPrefix("prod"),
    nodeRedisLock(client, within).withPrefix("prod"),
  );
});

describe.each([
  ["5", client5],
  ["6", client6],
])(
  "the options of @redis/client %s",
  (_, library: Library & { RESP_TYPES: typeof client6.RESP_TYPES }) => {
    const { BLOB_STRING, NUMBER } = library.RESP_TYPES;

    test.each([
      [
        "a mapping of replies to Buffer and string",
        { commandOptions: { typeMapping: { [BLOB_STRING]: Buffer, [NUMBER]: String } } },
      ],
      ["RESP 3", { RESP: 3 }],
      ["RESP 2", { RESP: 2 }],
      ["no offline queue", { disableOfflineQueue: true }],
      ["another database", { database: 3 }],
      ["a queue limit", { commandsQueueMaxLength: 100 }],
    ])("the option %s does not affect the cache or the lock", async (_title, options) => {
      const client = await connect(library, options);
      await expectUndisturbed(
        nodeRedisCache(client, within).withPrefix("prod"),
        nodeRedisLock(client, within).withPrefix("prod"),
      );
    });
  },
);
