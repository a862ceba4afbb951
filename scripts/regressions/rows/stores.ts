import type { Regression } from "../regression.ts";

const redis = "packages/redis/src";
const ioredisPromises = "packages/adapter-ioredis/src/promises.redis.test.ts";

const tracing: readonly Regression[] = [
  {
    right: "A store is cache and lock of one client, and one variable seals it.",
    edits: [
      {
        file: "packages/core/src/store.ts",
        from: "if (seal === undefined) return Object.freeze({ cache, lock });",
        to: `if (seal !== "") return Object.freeze({ cache, lock });`,
      },
    ],
    test: "packages/core/src/store.test.ts",
    title: "a store seals with the key that it is given",
  },
  {
    right: "An event reports an unsealed token while somebody traces the driver.",
    edits: [
      {
        file: "packages/core/src/fleet/document.ts",
        from: "if (result.written && state.credential !== undefined) this.#reportTracing();",
        to: "",
      },
    ],
    test: "packages/core/src/store.test.ts",
    title: "while the driver is traced is reported once",
  },
  {
    right: "The probe warns when a tracing channel has subscribers and the cache is unsealed.",
    edits: [
      {
        file: `${redis}/probe.ts`,
        from: "isSealed ? [] : tracedAmong(store.port.traceChannels)",
        to: "[] as string[]",
      },
    ],
    test: `${redis}/probe.test.ts`,
    title: "the probe warns of an unsealed store whose commands are traced",
  },
  {
    right: "A sealed token is on no channel of a Redis driver.",
    edits: [
      {
        file: "packages/core/src/store.ts",
        from: "if (seal === undefined) return Object.freeze({ cache, lock });",
        to: `if (seal !== "") return Object.freeze({ cache, lock });`,
      },
    ],
    test: ioredisPromises,
    title: "sees no part of a sealed token",
  },
  {
    right: "An event reports who listens to what Node publishes of node:sqlite.",
    edits: [
      {
        file: "packages/sql/src/sqlite/sqlite.ts",
        from: "source.isNodes && hasSubscribers(name)",
        to: 'name === ""',
      },
    ],
    test: "packages/adapter-sqlite/src/tracing.test.ts",
    title: "with a listener on Node's channel",
  },
  {
    right: "An event reports who listens to what fetch sends to Upstash.",
    edits: [{ file: `${redis}/tracing.ts`, from: "hasSubscribers(name) || phases", to: "phases" }],
    test: "packages/adapter-upstash/src/tracing.test.ts",
  },
];

const rights: readonly Regression[] = [
  {
    right: "The probe checks what the client will do: the registry of claims too.",
    edits: [
      {
        file: `${redis}/probe.ts`,
        from: "for (const each of [path, claimsPath])",
        to: "for (const each of [path])",
      },
    ],
    test: `${redis}/probe.test.ts`,
    title: "the probe checks the registry of claims too",
  },
  {
    right: "A consumer's probe asks for no more than reading.",
    edits: [
      {
        file: `${redis}/probe.ts`,
        from: `if (role === "consumer" && !readingCommands.includes(script.name)) continue;`,
        to: "",
      },
    ],
    test: `${redis}/probe.test.ts`,
    title: "a consumer's probe needs only reads",
  },
  {
    right: "One ACL line suffices for the whole client.",
    edits: [
      {
        file: "packages/test-redis/src/backends/rights.ts",
        from: `const names = [prefix, "lingpai:claims"];`,
        to: "const names = [prefix];",
      },
    ],
    test: ioredisPromises,
    title: "the README's rights suffice for a whole client",
  },
  {
    right: "The README's own ACL line is the one that is run.",
    edits: [
      {
        file: "packages/test-redis/src/backends/rights.ts",
        from: `const names = [prefix, "lingpai:claims"];`,
        to: "const names = [prefix];",
      },
    ],
    test: ioredisPromises,
    title: "the README shows the rights",
  },
  {
    right: "A user without channels is recognised when it announces.",
    edits: [{ file: `${redis}/probe.ts`, from: "[name], [])) !== 1)", to: "[name], [])) === 2)" }],
    test: `${redis}/probe.test.ts`,
    title: "the probe warns if changes are not announced",
  },
  {
    right: "A user without channels is recognised when it subscribes, and told.",
    edits: [
      {
        file: `${redis}/errors.ts`,
        from: "if (channelRefusal.test(textOf(error)))",
        to: "if (kind === undefined)",
      },
    ],
    test: `${redis}/probe.test.ts`,
    title: "the probe warns if changes are not announced",
  },
];

const scripts: readonly Regression[] = [
  {
    right: "A refused announcement does not fail the write.",
    edits: [
      {
        file: `${redis}/scripts.ts`,
        from: "type(redis.pcall('PUBLISH', channel, KEYS[1]))",
        to: "type(redis.call('PUBLISH', channel, KEYS[1]))",
      },
    ],
    test: ioredisPromises,
    title: "the probe warns when publish is refused",
  },
  {
    right: "A refused announcement does not fail the release of a lock.",
    edits: [
      {
        file: `${redis}/scripts.ts`,
        from: "type(redis.pcall('PUBLISH', KEYS[1], ''))",
        to: "type(redis.call('PUBLISH', KEYS[1], ''))",
      },
    ],
    test: ioredisPromises,
    title: "the probe warns when publish is refused",
  },
  {
    right: "A warning says that news are off.",
    edits: [{ file: `${redis}/store.ts`, from: "if (!isWarned)", to: `if (port.kind === "")` }],
    test: `${redis}/driver.test.ts`,
    title: "one warning says that notifications are off",
  },
  {
    right: "A refusal within a script is matched in the wording of every version.",
    edits: [
      {
        file: `${redis}/errors.ts`,
        from: "return wrapped.exec(text)?.[1] ?? /^-?",
        to: "return /^-?",
      },
    ],
    test: `${redis}/errors.test.ts`,
    title: "the meaning of a server's refusal",
  },
  {
    right: "A script's commands have their keys as KEYS[n] in the call.",
    edits: [
      {
        file: `${redis}/scripts.ts`,
        from: "local head = redis.call('GETRANGE', KEYS[1], 0, 79)",
        to: "local key = KEYS[1] local head = redis.call('GETRANGE', key, 0, 79)",
      },
    ],
    test: `${redis}/scripts.test.ts`,
    title: "no script is refused by a service that checks scripts",
  },
  {
    right: "The refusal of a service that checks scripts is named.",
    edits: [
      {
        file: `${redis}/errors.ts`,
        from: "if (checkedScript.test(textOf(error)))",
        to: "if (kind === undefined)",
      },
    ],
    test: `${redis}/scripts.test.ts`,
    title: "the check itself refuses",
  },
  {
    right: "A service that runs no scripts at all is refused with what to do.",
    edits: [
      {
        file: `${redis}/errors.ts`,
        from: `if (!command.startsWith("eval")) return what;`,
        to: `if (command !== "") return what;`,
      },
    ],
    test: ioredisPromises,
    title: "a service that runs no scripts is refused by name",
  },
  {
    right: "A store without subscriptions can say so.",
    edits: [
      {
        file: `${redis}/driver.ts`,
        from: `if (subscriptions !== undefined)
          this.watch = (scope, listener) => this.#watch(subscriptions, scope, listener);`,
        to: "this.watch = (scope, listener) => this.#watch(subscriptions, scope, listener);",
      },
    ],
    test: `${redis}/driver.test.ts`,
    title: "over a client that cannot subscribe",
  },
];

/** Secrets, rights, scripts and refusals of Redis, as users have them. */
export const stores: readonly Regression[] = [...tracing, ...rights, ...scripts];
