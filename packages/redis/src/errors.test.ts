import { inspect } from "node:util";
import { CacheUnavailableError, ClosedError, UnreadableEntryError } from "@lingpai/core";
import { describe, expect, test } from "vitest";
import { redisError } from "./errors.ts";

const answers: readonly (readonly [answer: string, reason: string, retryable: boolean])[] = [
  ["READONLY You can't write against a read only replica.", "readonly", true],
  [
    "READONLY You can't write against a read only replica. script: 421fa03eee54, on @user_script:9.",
    "readonly",
    true,
  ],
  [
    "ERR Error running script (call to f_421fa03e): @user_script:9: @user_script: 9: -READONLY You can't write against a read only replica.",
    "readonly",
    true,
  ],
  ["NOREPLICAS Not enough good replicas to write.", "readonly", true],
  [
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
    "readonly",
    true,
  ],
  ["LOADING Redis is loading the dataset in memory", "loading", true],
  [
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "loading",
    true,
  ],
  ["CLUSTERDOWN Hash slot not served", "cluster-down", true],
  ["TRYAGAIN Multiple keys request during rehashing of slot", "cluster-down", true],
  ["MOVED 3999 127.0.0.1:6381", "cluster-down", true],
  [
    "OOM command not allowed when used memory > 'maxmemory'. script: 421fa03e, on @user_script:14.",
    "out-of-memory",
    true,
  ],
  ["NOAUTH Authentication required.", "unauthorized", false],
  ["WRONGPASS invalid username-password pair or user is disabled.", "unauthorized", false],
  ["NOPERM this user has no permissions to run the 'evalsha' command", "forbidden", false],
  [
    "ERR The user executing the script can't run this command or subcommand script: 421fa03e, on @user_script:5.",
    "forbidden",
    false,
  ],
  [
    "ERR Unknown Redis command called from script script: 421fa03e, on @user_script:5.",
    "forbidden",
    false,
  ],
  [
    "ERR unknown command 'EVALSHA', with args beginning with: '421fa03e' '1' 'prod:{wx1}'",
    "forbidden",
    false,
  ],
  ["ERR unknown command `spublish`, with args beginning with: `a`", "forbidden", false],
  ["NOSCRIPT No matching script. Please use EVAL.", "other", true],
  [
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "other",
    true,
  ],
  ["ERR max number of clients reached", "other", true],
];

describe("the meaning of a server's refusal", () => {
  test.each(answers)("%s", (answer, reason, retryable) => {
    const error = redisError(new Error(answer), "ioredis", "prod:{wx1}");
    expect(error).toBeInstanceOf(CacheUnavailableError);
    expect(error).toMatchObject({ code: "CACHE_UNAVAILABLE", reason, retryable });
  });

  test("a value of another type under an entry's name is unreadable, and under a lock's name a refusal", () => {
    const answer = new Error(
      "WRONGTYPE Operation against a key holding the wrong kind of value script: 421f, on @user_script:4.",
    );
    expect(redisError(answer, "ioredis", "prod:{wx1}")).toBeInstanceOf(UnreadableEntryError);
    expect(redisError(answer, "ioredis", "prod:{wx1}")).toMatchObject({
      key: "prod:{wx1}",
      reason: "type",
      retryable: false,
    });
    expect(redisError(answer, "ioredis")).toMatchObject({
      code: "CACHE_UNAVAILABLE",
      reason: "other",
    });
  });

  test("a refused command is named in the error, in lower case", () => {
    expect(
      redisError(
        new Error("NOPERM User prod has no permissions to run the 'evalsha' command"),
        "ioredis",
      ).message,
    ).toContain('"evalsha"');
    expect(
      redisError(
        new Error("ERR unknown command 'EVALSHA', with args beginning with: 'x'"),
        "ioredis",
      ).message,
    ).toContain('"evalsha"');
    expect(
      redisError(
        new Error("NOPERM User prod has no permissions to run the 'client|setinfo' command"),
        "ioredis",
      ).message,
    ).toContain('"client|setinfo"');
  });
});

describe("the meaning of a driver's failure", () => {
  test.each([
    [new Error("Connection is closed."), "disconnected"],
    [new Error("Stream isn't writeable and enableOfflineQueue options is false"), "disconnected"],
    [
      new Error(
        'Reached the max retries per request limit (which is 20). Refer to "maxRetriesPerRequest" option for details.',
      ),
      "disconnected",
    ],
    [new Error("The client is closed"), "disconnected"],
    [new Error("Socket closed unexpectedly"), "disconnected"],
    [
      Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:6379"), { code: "ECONNREFUSED" }),
      "disconnected",
    ],
    [Object.assign(new Error("connect ETIMEDOUT"), { code: "ETIMEDOUT" }), "timeout"],
    [new Error("Command timed out"), "timeout"],
    [new Error("Connection timeout"), "timeout"],
    ["not even an error", "disconnected"],
  ])("%s", (failure, reason) => {
    expect(redisError(failure, "ioredis")).toMatchObject({
      code: "CACHE_UNAVAILABLE",
      reason,
      retryable: true,
    });
  });

  test("an error of a Cluster client that reached no node has the meaning of the last node's error", () => {
    const failure = Object.assign(new Error("Failed to refresh slots cache."), {
      lastNodeError: new Error("WRONGPASS invalid username-password pair"),
    });
    expect(redisError(failure, "ioredis")).toMatchObject({
      reason: "unauthorized",
      retryable: false,
    });
  });

  test("our own errors are passed on unchanged", () => {
    const own = new ClosedError("This cache");
    expect(redisError(own, "ioredis")).toBe(own);
  });
});

test("no part of an error shows the command's values, whatever the driver and the server attached", () => {
  const secret = "77_5CANARYTOKEN";
  const failures = [
    Object.assign(new Error("NOPERM no permissions"), {
      command: { name: "evalsha", args: [secret] },
    }),
    Object.assign(
      new Error(`ERR unknown command 'EVALSHA', with args beginning with: '${secret}'`),
      { cause: new Error(secret) },
    ),
    Object.assign(new Error(`MOVED 1 ${secret}`), {
      lastNodeError: Object.assign(new Error(`WRONGTYPE ${secret}`), { args: [secret] }),
    }),
    Object.assign(new Error(`Connection to ${secret} is closed.`), { code: secret }),
    secret,
  ];
  for (const failure of failures) {
    const error = redisError(failure, "ioredis", "prod:{wx1}");
    expect(
      [inspect(error, { depth: null, showHidden: true }), error.stack, JSON.stringify(error)].join(
        "\n",
      ),
    ).not.toContain("CANARY");
  }
});
