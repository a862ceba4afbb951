import type { Regression } from "../regression.ts";

const redis = "packages/redis/src";
const keyv = "packages/adapter-keyv/src";
const sqlite = "packages/sql/src/sqlite";
const sqliteTest = "packages/adapter-sqlite/src/sqlite.processes.test.ts";

const clients: readonly Regression[] = [
  {
    right: "A subscriber that cannot be constructed does not end the process.",
    edits: [
      {
        file: `${redis}/subscriptions.ts`,
        from: "this.connection = waitFor( Promise.resolve().then(() => open(events, signal)), {",
        to: `const given = new Promise((_, reject) => signal.addEventListener("abort", () => reject(notOpened())));
    clock.setTimer(limitMs, () => this.#abort.abort(), { background: true });
    void given;
    this.connection = waitFor(open(events, signal), {`,
      },
    ],
    test: `${redis}/subscriptions.test.ts`,
    title: "a client that throws when a connection is requested",
  },
  {
    right: "A wrong client is refused at construction, by what was given.",
    edits: [
      {
        file: `${redis}/clients/given-client.ts`,
        from: "if (found !== library)",
        to: `if (found === "")`,
      },
    ],
    test: `${redis}/clients/given-client.test.ts`,
  },
  {
    right: "A client in subscriber mode is refused.",
    edits: [
      {
        file: `${redis}/clients/given-client.ts`,
        from: "if (!subscribes(given as object)) return;",
        to: "return;",
      },
    ],
    test: `${redis}/clients/given-client.test.ts`,
    title: "a client in subscriber mode is refused",
  },
  {
    right: "Numbers from a driver are checked.",
    edits: [
      {
        file: `${redis}/driver.ts`,
        from: "Number.isSafeInteger(number) && (",
        to: "number !== -1e300 || (",
      },
    ],
    test: `${redis}/driver.test.ts`,
    title: "a lease is not granted on a reply with invalid numbers",
  },
  {
    right: "`watch` says that the connection was refused.",
    edits: [
      { file: `${redis}/clients/ioredis.ts`, from: "throw cause ?? error;", to: "throw error;" },
    ],
    test: `${redis}/clients/ioredis-recovery.test.ts`,
    title: "a subscription over a refused connection fails with that cause",
  },
  {
    right: "`watch` says that the password is wrong, and no timeout: @redis/client.",
    edits: [
      {
        file: `${redis}/clients/node-redis.ts`,
        from: "if (isOpen) events.lost();",
        to: "events.lost();",
      },
    ],
    test: "packages/adapter-node-redis/src/wrong-password.redis.test.ts",
    title: "that begins after its password was changed",
  },
  {
    right: "`watch` says that the password is wrong, and no timeout: ioredis.",
    edits: [
      { file: `${redis}/clients/ioredis.ts`, from: "throw cause ?? error;", to: "throw error;" },
    ],
    test: "packages/adapter-ioredis/src/wrong-password.redis.test.ts",
    title: "reports the wrong password: watch",
  },
  {
    right: "A connection is ended after some deadlines in a row.",
    edits: [
      {
        file: "packages/core/src/driver/driver-guard.ts",
        from: "if (oldest && oldest.dueMs <= nowMs) this.#noteSilence?.(nowMs);",
        to: "",
      },
    ],
    test: "packages/core/src/driver/driver-guard.test.ts",
    title: "is reported to the driver after three missed deadlines",
  },
  {
    right: "ioredis leaves a frozen primary for the one that the Sentinels name.",
    edits: [
      {
        file: `${redis}/clients/ioredis-recovery.ts`,
        from: "if (there !== undefined && here !== undefined && there !== here) client.disconnect?.(true);",
        to: "",
      },
    ],
    test: `${redis}/clients/ioredis-recovery.test.ts`,
    title: "a client through Sentinel whose server is silent",
  },
  {
    right: "ioredis Cluster asks for the map of slots when a primary is frozen.",
    edits: [
      {
        file: `${redis}/clients/ioredis-recovery.ts`,
        from: "cluster.refreshSlotsCache ? cluster.refreshSlotsCache(() => resolve()) : resolve(),",
        to: "resolve(),",
      },
    ],
    test: `${redis}/clients/ioredis-recovery.test.ts`,
    title: "a client in a Cluster whose server is silent",
  },
  {
    right: "@redis/client Cluster asks for the map of slots when a primary is frozen.",
    edits: [
      {
        file: `${redis}/clients/node-redis.ts`,
        from: `cluster.sendCommand(undefined, false, ["GET", name]).catch(() => {});`,
        to: "void cluster;",
      },
    ],
    test: `${redis}/clients/node-redis.test.ts`,
    title: "a Cluster client whose primary is silent",
  },
  {
    right: "The probe warns of settings that keep a client at a frozen primary.",
    edits: [
      {
        file: `${redis}/clients/ioredis-recovery.ts`,
        from: "options.failoverDetector === true || Number(options.socketTimeout ?? 0) > 0",
        to: "true",
      },
    ],
    test: `${redis}/clients/ioredis-recovery.test.ts`,
    title: "a client through Sentinel with",
  },
  {
    right: "The probe warns of settings that keep a Cluster client at a frozen primary.",
    edits: [
      {
        file: `${redis}/clients/ioredis-recovery.ts`,
        from: "Number(options.redisOptions?.socketTimeout ?? 0) > 0",
        to: "true",
      },
    ],
    test: `${redis}/clients/ioredis-recovery.test.ts`,
    title: "a client in a Cluster with",
  },
];

const databases: readonly Regression[] = [
  {
    right: "better-sqlite3 works.",
    edits: [
      {
        file: `${sqlite}/connection.ts`,
        from: "statement.all(Object.fromEntries(values.map((value, at) => [at + 1, value]))) as Row[];",
        to: "statement.all(...values);",
      },
    ],
    test: sqliteTest,
    title: "on a shared connection of better-sqlite3",
  },
  {
    right: "Every client that a table names is run by the conformance suite.",
    edits: [
      {
        file: `${keyv}/conformance/embedded.fixture.ts`,
        from: `fileBackend("adapter-keyv", "SQLite, better-sqlite3",`,
        to: `fileBackend("adapter-keyv", "SQLite, node:sqlite again",`,
      },
    ],
    test: `${keyv}/named-clients.test.ts`,
  },
  {
    right: "The user's own keyv.clear() frees no held lease.",
    edits: [
      {
        file: `${keyv}/index.ts`,
        from: "if (danger !== undefined) throw",
        to: `if (danger === "") throw`,
      },
    ],
    test: `${keyv}/keyv/kept-apart.test.ts`,
  },
  {
    right: "A user's ROLLBACK on a shared SQLite connection undoes no acknowledged lease.",
    edits: [
      {
        file: `${sqlite}/sqlite.ts`,
        from: "if (connection.isInTransaction()) return inTransaction;",
        to: "",
      },
    ],
    test: sqliteTest,
    title: "a lease is not granted within the user's transaction",
  },
  {
    right: "Read-only SQLite has no primary.",
    edits: [
      {
        file: `${sqlite}/sqlite.ts`,
        from: `"Open the file for writing, and check the rights of this process on it and on its directory."`,
        to: `"Point the client at the primary."`,
      },
    ],
    test: sqliteTest,
    title: "the error of a write names the file and no primary",
  },
  {
    right: "ioredis under Keyv is not iovalkey.",
    edits: [
      {
        file: `${keyv}/redis/valkey.ts`,
        from: `const kind = "ioredis or iovalkey";`,
        to: `const kind = "iovalkey";`,
      },
    ],
    test: `${keyv}/redis/valkey.test.ts`,
  },
  {
    right: "A Node without node:sqlite gets a clear error.",
    edits: [
      {
        file: `${sqlite}/connection.ts`,
        from: "if (DatabaseSync === undefined) throw",
        to: `if (file === "") throw`,
      },
    ],
    test: sqliteTest,
    title: "a file on a Node without node:sqlite",
  },
];

/** Clients and databases, as users have them. */
export const storeClients: readonly Regression[] = [...clients, ...databases];
