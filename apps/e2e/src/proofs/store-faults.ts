/** Rows for faults of the store and of the connection to it. */
import type { Row } from "./row.ts";
import { explored, simulated } from "./shared-proofs.ts";

export const storeFaults: readonly Row[] = [
  {
    id: "F1",
    what: "The store is down when a process starts, and nothing is cached",
    outcome:
      "The node retries for three seconds, because the store may be failing over. Then callers get an error. Nothing is fetched. Everything works again when the store is back.",
    by: [
      "e2e/outage: a cold node whose store is unreachable",
      "core/store-outage: that is unreachable is never treated as a miss",
      "core/store-outage: that is failing over while a process starts is waited for",
    ],
  },
  {
    id: "F2",
    what: "The store is down, and the process holds a token",
    outcome: "It serves that token to its end, reports that it is degraded, and fetches nothing.",
    by: [
      "e2e/outage: a warm node still serves",
      "core/store-outage: that is unreachable lets a warm node serve to the",
    ],
  },
  {
    id: "F3",
    what: "The store goes down between fetch and commit",
    outcome:
      "The new token is served from memory, the lease is kept, and it is stored the moment the store is back. Nobody else fetches meanwhile.",
    by: [
      "e2e/outage: a fetched token is served",
      "core/store-outage: that goes down before the commit loses no issued",
      "core/pending-commit: is stored by the first operation that reaches the",
      "core/failover: for $awayMs ms, with an overlap of $overlapMs ms",
      "core/failover: costs one fetch and no failed call if the store is unreachable for $awayMs ms",
    ],
  },
  {
    id: "F4",
    what: "The answer to COMMIT is lost",
    outcome: "The commit counts once.",
    by: ["e2e/lost-reply: to %s is lost runs the command once"],
  },
  {
    id: "F5",
    what: "The answer to ACQUIRE is lost",
    outcome: "The retry returns the same lease and fence. No node is locked out.",
    by: [
      "e2e/lost-reply: to %s is lost runs the command once",
      "redis/scripts: acquires with the same fence",
    ],
  },
  {
    id: "F6",
    what: "The answer to INTENT is lost",
    outcome: "The quota counts one fetch.",
    by: [
      "e2e/lost-reply: to %s is lost runs the command once",
      "core/intent: that is written again after a lost answer",
    ],
  },
  {
    id: "F7",
    what: "A driver sends a command again, to another primary",
    outcome:
      "A script that runs twice has the effect of one run. Commands that the new primary does not know are decided again.",
    by: [
      "core/reduce: H3: the next intent is not confused with one",
      "redis/scripts: does not restore a conditional set",
      "e2e/failover: stops no warm node",
    ],
  },
  {
    id: "F8",
    what: "A driver's promise never settles",
    outcome: "Lingpai's own deadline ends the wait.",
    by: [
      "core/driver-guard: FAULT-01 rejects at its deadline",
      "e2e/outage: a cold node whose store is unreachable",
    ],
  },
  {
    id: "F9",
    what: "The server forgot its scripts (restart, failover, SCRIPT FLUSH)",
    outcome: "No caller notices.",
    by: [
      "e2e/store-loss: no caller notices that a server loses its scripts",
      "conformance/fault-server: scripts that the server forgets",
    ],
  },
  {
    id: "F10",
    what: "READONLY, LOADING, MASTERDOWN, CLUSTERDOWN, TRYAGAIN, ASK, MOVED",
    outcome:
      "The driver follows redirections; everything else counts as an unavailable store, and is retried.",
    by: [
      "conformance/fault-server: each error answer of a server",
      "test-redis/promises: a replica refuses writes",
      "e2e/failover: whose slot moves still serves",
    ],
  },
  {
    id: "F11",
    what: "The server is out of memory",
    outcome: "Reads go on, refreshes wait, nothing is fetched.",
    by: ["e2e/store-loss: a server that is out of memory"],
  },
  {
    id: "F12",
    what: "The record, the lock or the fence is evicted",
    outcome:
      "A node that has the record writes it back; fences still rise; the start-up probe warns of the policy.",
    by: [
      "e2e/store-loss: an evicted record",
      "conformance/fence: fences rise after the counter was deleted or evicted",
      "test-redis/promises: the probe warns of an eviction policy",
    ],
  },
  {
    id: "F13",
    what: "The server is emptied",
    outcome:
      "A node that has the record writes it back, without a fetch. `reset()` wipes it on purpose.",
    by: [
      "e2e/store-loss: an emptied store",
      "core/store-outage: that was emptied is repaired without a fetch",
      "core/reset: is no longer handed out by any node, and no node",
      "core/failover: is emptied fails no call and delays none",
      "bench: counts no failed call, and at most one surplus fetch, when the store is emptied or freezes",
    ],
  },
  {
    id: "F14",
    what: "A failover loses the last writes",
    outcome: "A node that has the lost record repairs the store, without a fetch.",
    by: [
      "e2e/failover: has its lost writes restored",
      "core/store-outage: that lost writes in a failover is repaired without",
      "core/failover: fails over to a replica without the refresh's writes",
    ],
  },
  {
    id: "F15",
    what: "A failover loses the lock alone",
    outcome:
      "Two nodes may fetch. The document is in doubt, and one reconciling refresh resolves it. Without an overlap, the platform's answer resolves it.",
    by: [
      "core/reduce: H1: a lower lease commits first, and the commit",
      "core/failover: is settled after the drain without a fetch, by",
      explored,
      simulated,
    ],
  },
  {
    id: "F16",
    what: "The promoted replica's clock is behind",
    outcome: "The list of replaced tokens decides, not the clock.",
    by: [
      "core/commit: of an epoch that is already stored",
      "simulation/primary: lacks the last writes",
      simulated,
    ],
  },
  {
    id: "F17",
    what: "A split: the old primary accepts writes for some seconds",
    outcome:
      "The same as for a failover that loses writes; `min-replicas-to-write 1` keeps it short.",
    by: [
      "test-redis/promises: a primary that lacks its required replicas",
      "core/repair: replaces the credential that its own one is known",
      simulated,
    ],
  },
  {
    id: "F18",
    what: "A Cluster's minority is cut off",
    outcome: "Its names are unavailable, never missing, until a majority serves them.",
    by: ["conformance/cluster: names of a killed primary", "e2e/failover: that fails over stops"],
  },
  {
    id: "F19",
    what: "A node cannot reach the store but can reach the platform",
    outcome: "It serves what it has and fetches nothing.",
    by: ["e2e/outage: a warm node still serves", simulated],
  },
  {
    id: "F20",
    what: "A node cannot reach the platform but can reach the store",
    outcome: "Another node fetches; the first adopts.",
    by: [
      "e2e/outage: a node that cannot reach the platform",
      "core/abandon: that was unsent makes the next node wait a moment",
    ],
  },
  {
    id: "F21",
    what: "A message is lost, or the subscription ends silently",
    outcome: "The document is also read again at intervals, without a message.",
    by: [
      "e2e/outage: a subscription that died silently",
      "core/serving: works without messages from the store, by reading repeatedly",
    ],
  },
  {
    id: "F22",
    what: "All subscribers reconnect at once",
    outcome:
      "They wait for growing, jittered pauses, and read everything again after each reconnection.",
    by: [
      "redis/subscriptions: is replaced after growing pauses",
      "conformance/watch: a watcher whose connection broke",
    ],
  },
];
