/** Rows for faults of a process, its machine and its clocks. */
import type { Row } from "./row.ts";
import { simulated } from "./shared-proofs.ts";

export const machineFaults: readonly Row[] = [
  {
    id: "F36",
    what: "The holder crashes before it sends",
    outcome: "The next holder fetches. The ledger may count one fetch too many, never one too few.",
    by: [
      "e2e/holder-crash: is killed (SIGKILL) before %s",
      "core/reduce: H4: a refresh waits for the open intent of a crashed",
    ],
  },
  {
    id: "F37",
    what: "The holder crashes after it sent",
    outcome: "The next holder fetches and reconciles; the old token lives through the overlap.",
    by: [
      "e2e/holder-crash: is killed (SIGKILL) before %s",
      "core/request-order: are reconciled when the holder vanished",
    ],
  },
  {
    id: "F38",
    what: "The holder is paused beyond its lease (SIGSTOP, a pause, a stolen CPU)",
    outcome: "It notices at once when it resumes. A late write cannot replace a newer one.",
    by: [
      "e2e/holder-crash: is paused (SIGSTOP) before %s",
      "core/commit: of a lower epoch than the stored one changes nothing",
    ],
  },
  {
    id: "F39",
    what: "The machine was suspended",
    outcome:
      "The lease is known to be lost before the code goes on; a token that expired meanwhile is noticed within 20 s, or at its first refusal.",
    by: ["core/held-lease: LEASE-07 is lost after a suspend that outlasts it", simulated],
  },
  {
    id: "F40",
    what: "A virtual machine was cloned, random numbers included",
    outcome: "Another outcome was reported in between: doubt, and one reconciling refresh.",
    by: ["core/commit: stores its credential and leaves a doubt if %s"],
  },
  {
    id: "F41",
    what: "The event loop was blocked for long",
    outcome:
      "The loss of the lease is known before the work goes on, and no answer is dropped unread.",
    by: [
      "core/held-lease: counts as lost before code continues after the event",
      "core/driver-guard: gets an answer that arrived in time",
    ],
  },
  {
    id: "F42",
    what: "A node's wall clock is set a day ahead or an hour back",
    outcome:
      "Nothing happens, because durations come from the monotonic clock and instants from the store.",
    by: [
      "e2e/wall-clock: over $name, a wall clock that steps",
      "conformance/cache-time: the store ends an entry",
    ],
  },
  {
    id: "F43",
    what: "The store's clock is set back",
    outcome:
      "Fences still rise; a lock may last longer by that amount. The ledger of the day's quota goes on.",
    by: [
      "core/quota-midnight: is not exceeded by a fleet whose store's clock was",
      "redis/scripts: continue if the counter is ahead of the clock",
      "simulation/primary: lacks the last writes",
    ],
  },
  {
    id: "F44",
    what: "A deployment with another release or another key runs beside the present one",
    outcome: "What it cannot read is not missing: it fetches nothing.",
    by: [
      "e2e/store-loss: a deployment with another sealing key",
      "core/store-outage: that holds an unreadable document causes no fetch",
    ],
  },
  {
    id: "F45",
    what: "Very many processes start cold at once",
    outcome: "One fetch; the others wait for the change message and read once.",
    by: [
      "core/serving: is fetched once at a cold start, however many callers",
      "bench: counts one load in a herd",
      "core/serving: costs a new leading node eight store commands",
    ],
  },
  {
    id: "F46",
    what: "The caller that started a refresh gives up",
    outcome: "The refresh goes on for the others.",
    by: ["core/serving: rejects a caller whose signal has aborted"],
  },
  {
    id: "F47",
    what: "The server freezes for two seconds",
    outcome: "Tokens are served from memory; the lease and the fetch survive.",
    by: ["e2e/outage: a server that freezes for 2 s"],
  },
  {
    id: "F48",
    what: "A proxy or an access rule without scripts or messages",
    outcome: "The start-up probe names the command that is missing.",
    by: [
      "test-redis/promises: the probe names %s when it is refused",
      "conformance/fault-server: a command that the server forbids",
    ],
  },
  {
    id: "F49",
    what: "A primary freezes with its connections open, and another takes over",
    outcome:
      "After three missed deadlines the client is made to connect to the new primary, even with its default settings. The probe warns of settings with which the client itself does not notice a frozen primary.",
    by: [
      "test-redis/frozen: finds the new one through Sentinel",
      "test-redis/frozen: finds the new one in a Cluster",
      "core/driver-guard: is reported to the driver after three missed deadlines",
      "redis/ioredis-recovery: a client through Sentinel with %j",
    ],
  },
  {
    id: "F50",
    what: "A service checks scripts before it runs them, or runs none",
    outcome:
      "A service that checks scripts runs all that Lingpai sends. A service that runs none is refused by name, with a remedy.",
    by: [
      "test-redis/services: runs all that the probe",
      "test-redis/services: a service that runs no scripts is refused",
    ],
  },
  {
    id: "F51",
    what: "The user of a Keyv clears it, or rolls a transaction back on its SQLite connection",
    outcome:
      "A held lease stays. If the two cannot be kept apart, construction is refused. Nothing is written within the user's transaction.",
    by: [
      "adapter-keyv/kept-apart: is refused with %j",
      "adapter-sqlite/sqlite: a lease is not granted within the user's transaction",
      "adapter-keyv/sqlite: a transaction on the connection of @keyv/sqlite does not include",
    ],
  },
  {
    id: "F52",
    what: "A failover loses the server keys that were written last, or all of them",
    outcome:
      "A replica goes on with what it has read: nobody is locked out, a revoked key stays revoked, and its revocation is written again.",
    by: ["server/keys: a store that lost its keys"],
  },
  {
    id: "F53",
    what: "A webhook's receiver hangs",
    outcome: "Only its own messages wait.",
    by: ["server/webhooks: a receiver that never answers holds up no other one"],
  },
  {
    id: "F54",
    what: "The process that reads a token server's log ends, or the store cannot be used at the start",
    outcome:
      "Without a reader the server goes on. If it cannot start, it exits, so that a supervisor notices.",
    by: [
      "token-server/command: a first start prints its key once",
      "token-server/open-store: a store that cannot be used keeps no connection",
    ],
  },
  {
    id: "F55",
    what: "A new configuration of a token server is well-formed but cannot be served",
    outcome: "The present one stays in force as a whole, and no client is left behind.",
    by: ["token-server/serving: a configuration that cannot be served changes nothing"],
  },
  {
    id: "F56",
    what: "A proxy swallows the answer to a subscription of the event log",
    outcome: "Events still arrive within a second.",
    by: ["event-log/follower: a subscription that is never answered"],
  },
];
