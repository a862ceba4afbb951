/** The invariants behind the promises, as they are checked. */
import type { Row } from "./row.ts";
import { explored, reference, simulated } from "./shared-proofs.ts";

const killed = "e2e/holder-crash: is killed (SIGKILL) before %s";

export const invariants: readonly Row[] = [
  {
    id: "I1",
    what: "Convergence",
    outcome: "In a fleet at rest the stored token is the platform's latest.",
    by: [explored, simulated, killed],
  },
  {
    id: "I2",
    what: "Self-healing",
    outcome:
      "With traffic a wrong token is replaced within a refused call, a probe and a fetch, while the budget for that lasts.",
    by: [reference, "core/rejection: is replaced by one fetch for all who report it"],
  },
  {
    id: "I3",
    what: "Mutual exclusion of sends",
    outcome: "Without expiry or failover at most one request is in flight.",
    by: [simulated, "core/serving: is fetched once at a cold start, however many callers"],
  },
  {
    id: "I4",
    what: "Economy",
    outcome: "Without faults exactly one fetch a lifetime, at any number of nodes.",
    by: [
      "simulation/simulate: makes exactly one fetch a lifetime",
      "core/serving: costs one fetch per lifetime with 1, 3 and 10 nodes",
    ],
  },
  {
    id: "I5",
    what: "Monotone service",
    outcome: "No node returns to a token that it saw replaced.",
    by: [simulated, explored],
  },
  {
    id: "I6",
    what: "No lost token",
    outcome:
      "A received token is stored, superseded, or still kept by a node that retries to store it.",
    by: ["e2e/outage: a fetched token is served", explored],
  },
  {
    id: "I7",
    what: "Complete doubt",
    outcome: "Overlapping requests leave a doubt until a later request was alone.",
    by: [
      explored,
      "core/reduce: H1: a lower lease commits first, and the commit",
      "core/reduce: H2: a commit that came too late is recorded as",
      "core/reduce: H3: the next intent is not confused with one",
    ],
  },
  {
    id: "I8",
    what: "Idempotence",
    outcome: "A command that is sent twice has the effect of one.",
    by: [
      "core/reduce: counts once: %s",
      "redis/scripts: sets once with the condition %j",
      "e2e/lost-reply: to %s is lost runs the command once",
    ],
  },
  {
    id: "I9",
    what: "Fencing",
    outcome: "A late writer changes nothing except the doubt.",
    by: [
      "core/commit: of a lower epoch than the stored one changes nothing",
      "core/request-order: does not overwrite a later credential (H2), and",
    ],
  },
  {
    id: "I10",
    what: "Order of epochs",
    outcome: "Fences rise, even after the counter was lost.",
    by: [
      "conformance/fence: each new holder has a strictly higher fence",
      "conformance/fence: fences rise after the counter was deleted",
    ],
  },
  {
    id: "I11",
    what: "Invalidation without ABA",
    outcome: "A rejection of one token never marks another.",
    by: [
      "core/suspect: of an old credential changes nothing",
      "core/rejection: costs no fetch when it was replaced before: its",
    ],
  },
  {
    id: "I12",
    what: "No gap",
    outcome: "The present token is available while a refresh runs.",
    by: [
      "e2e/outage: a server that freezes for 2 s",
      "core/request-order: are not both sent while the present credential works",
    ],
  },
  {
    id: "I13",
    what: "The ledger",
    outcome: "It never counts fewer fetches than were sent, and never allows more than the limit.",
    by: [simulated, killed, "core/governor: leaves a tenth for requests that cannot wait, and"],
  },
  {
    id: "I14",
    what: "A storm of rejections",
    outcome: "Any number of them causes one fetch.",
    by: [
      "core/rejection: is replaced by one fetch for all who report it",
      "core/suspect: counts once, however many nodes report it",
    ],
  },
  {
    id: "I15",
    what: "Bounded retries",
    outcome:
      "A call is sent with a refused token at most twice, three times when the fleet itself had replaced the second one.",
    by: [
      "wechat/api: a refused token is sent at most twice and a call at most five times",
      "wechat/send: is sent a third time if the fleet itself had replaced the token",
      "wechat/send: is never sent a fourth time",
    ],
  },
  {
    id: "I16",
    what: "Contention for one AppID",
    outcome:
      "Refusals spend at most 60 % of the day's quota; the contention is reported, and the process goes on.",
    by: [
      "simulation/simulate: uses at most 60 % of the day's quota for refusals in 24 hours",
      "config/isolation: use at most 60 % of the quota in 4 h",
    ],
  },
  {
    id: "I17",
    what: "One back-off for the fleet",
    outcome: "Attempts do not grow with nodes.",
    by: ["core/platform-outage: backs the whole fleet off", simulated],
  },
  {
    id: "I18",
    what: "Static stability",
    outcome: "With store or platform down, warm nodes serve to the end of the token's life.",
    by: [
      "core/store-outage: that is unreachable lets a warm node serve to the",
      "e2e/outage: a warm node still serves",
    ],
  },
  {
    id: "I19",
    what: "Bounded latency",
    outcome:
      "A fresh token costs no I/O; a dead store costs its deadline, or three seconds before it has ever answered, whatever the driver does.",
    by: [
      "core/serving: is served from memory without any store command",
      "e2e/outage: a cold node whose store is unreachable",
      simulated,
    ],
  },
  {
    id: "I20",
    what: "Isolated cancellation",
    outcome: "The abort of one caller affects no other caller.",
    by: ["core/serving: rejects a caller whose signal has aborted", simulated],
  },
  {
    id: "I21",
    what: "The lock's signal",
    outcome: "It aborts no later than the lease ends, even after a suspend.",
    by: [
      "core/held-lease: LEASE-07 is lost after a suspend",
      "conformance/lease-loss: the signal is aborted before the work continues",
    ],
  },
  {
    id: "I22",
    what: "Unreadable is not missing",
    outcome: "No fetch for an unknown key, a bad tag, or a newer schema.",
    by: [
      "e2e/store-loss: a deployment with another sealing key",
      "core/store-outage: that holds an unreadable document causes no fetch",
    ],
  },
  {
    id: "I23",
    what: "Isolation",
    outcome:
      "No command leaves the prefix, the claims excepted; a user limited to it can do everything.",
    by: [
      "conformance/prefix-isolation: a user limited to one prefix",
      "test-redis/access-rules: a user with the README's rights can do nothing",
    ],
  },
  {
    id: "I24",
    what: "One slot",
    outcome: "All keys of a credential are in one.",
    by: ["conformance/cluster: entry, lock, fence and sharded channel"],
  },
  {
    id: "I25",
    what: "Injective names",
    outcome: "Two different names never become the same key.",
    by: ["core/prefix: PREFIX-05 is different for every two"],
  },
  {
    id: "I26",
    what: "Secrecy",
    outcome: "No output of any kind contains eight characters of a secret.",
    by: ["e2e/secret-leaks: over $name, no output of any kind"],
  },
  {
    id: "I27",
    what: "Bound ciphertext",
    outcome: "A value that is moved elsewhere cannot be opened.",
    by: [
      "core/sealed: PREFIX-13 when it was copied",
      "e2e/store-loss: a record that was copied from another environment",
    ],
  },
  {
    id: "I28",
    what: "Time",
    outcome: "A wall clock that is a day off changes nothing.",
    by: ["e2e/wall-clock: over $name, a wall clock", simulated],
  },
  {
    id: "I29",
    what: "Chains",
    outcome: "A child never waits for a lock that its parent may need.",
    by: [
      "core/roles: is issued with the parent's secret, and reports",
      "core/parent: rejects its callers after waitMs, sends nothing",
      "core/parent: gives its lease back before the parent is replaced",
      "core/platform-outage: whose issuer requests its own credential causes",
    ],
  },
  {
    id: "I30",
    what: "Shutdown",
    outcome: "Results in flight are stored; nothing is left behind.",
    by: [
      "core/serving: settles callers with CLOSED",
      "e2e/holder-crash: is paused (SIGSTOP) before %s",
    ],
  },
  {
    id: "I31",
    what: "Cost",
    outcome: "Commands are counted, and there are few.",
    by: [
      "core/serving: costs a new leading node eight store commands",
      "simulation/simulate: is at most $most store commands per node and hour",
      "bench: counts the commands of a node in an hour",
      "bench: counts two wire commands in an uncontended lease",
    ],
  },
  {
    id: "I32",
    what: "A platform that repeats itself",
    outcome: "No new generation, no loop.",
    by: ["core/serving: does not loop if a stable issuer returns the"],
  },
  {
    id: "I33",
    what: "Failover",
    outcome: "A promoted replica without the last commit is repaired, without a fetch.",
    by: ["e2e/failover: has its lost writes restored"],
  },
  {
    id: "I34",
    what: "Single-use inputs",
    outcome: "None is sent twice, unless the platform allows it and the first outcome is unknown.",
    by: [
      "core/rotation: sends each input once during days of normal operation",
      "core/rotation: sends an input again within its grace",
    ],
  },
];
