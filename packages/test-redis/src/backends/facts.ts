/** The facts of Redis, and its error answers. */
import { inProcess } from "@lingpai/conformance";
import type { Facts, Refusal } from "@lingpai/conformance";

const unavailable = (answer: string, reason: string, retryable: boolean): Refusal => ({
  answer,
  code: "CACHE_UNAVAILABLE",
  reason,
  retryable,
});

const refusals: readonly Refusal[] = [
  unavailable("READONLY You can't write against a read only replica.", "readonly", true),
  unavailable("NOREPLICAS Not enough good replicas to write.", "readonly", true),
  unavailable(
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
    "readonly",
    true,
  ),
  unavailable("LOADING Redis is loading the dataset in memory", "loading", true),
  unavailable(
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "loading",
    true,
  ),
  unavailable("CLUSTERDOWN The cluster is down", "cluster-down", true),
  unavailable("TRYAGAIN Multiple keys request during rehashing of slot", "cluster-down", true),
  unavailable("OOM command not allowed when used memory > 'maxmemory'.", "out-of-memory", true),
  unavailable("NOAUTH Authentication required.", "unauthorized", false),
  unavailable(
    "WRONGPASS invalid username-password pair or user is disabled.",
    "unauthorized",
    false,
  ),
  unavailable(
    "NOPERM this user has no permissions to run the 'evalsha' command",
    "forbidden",
    false,
  ),
  unavailable(
    "ERR unknown command 'EVALSHA', with args beginning with: 'a' 'b'",
    "forbidden",
    false,
  ),
  unavailable("ERR max number of clients reached", "other", true),
];

export const redisFacts: Facts = {
  ...inProcess,
  persistence: "server",
  sharedBetweenProcesses: true,
  maxKeyBytes: Infinity,
  foreignWriters: true,
  scripted: true,
  toleranceMs: 200,
};

/** The facts of a server behind a link that can be broken. */
export const standaloneFacts: Facts = {
  ...redisFacts,
  linked: true,
  accessControlled: true,
  restartable: true,
  refusals,
};
export const sentinelFacts: Facts = { ...redisFacts, replicated: true };
export const clusterFacts: Facts = { ...redisFacts, replicated: true, cluster: true };
