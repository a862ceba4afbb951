/**
 * What an operator is promised, in an operator's words, and the tests that fail when a promise
 * breaks.
 */
import type { Row } from "./row.ts";
import { explored, reference, simulated } from "./shared-proofs.ts";

export const promises: readonly Row[] = [
  {
    id: "1",
    what: "One refresh asks the platform once, however many nodes want it",
    outcome:
      "At most one issue per generation while the lease holder lives and the store keeps its writes.",
    by: [
      simulated,
      "core/serving: is fetched once at a cold start, however many callers",
      "e2e/lost-reply: to %s is lost runs the command once",
    ],
  },
  {
    id: "2",
    what: "An old token never overwrites a newer one",
    outcome: "No record is replaced by one issued earlier.",
    by: [simulated, explored, "core/commit: of a lower epoch than the stored one changes nothing"],
  },
  {
    id: "3",
    what: "You never get a token that has expired, or that this process saw refused and has not found alive since",
    outcome:
      "No token is served after its hard deadline, or after the platform called it dead. Without a clear answer the stored token serves until it can be replaced.",
    by: [
      "core/serving: is never handed out after its hard deadline",
      "core/rejection: is never handed out again by the process that the",
      simulated,
    ],
  },
  {
    id: "4",
    what: "Reporting an old token as refused does no harm",
    outcome: "Nothing is fetched and nothing changes; the present token is returned.",
    by: [
      "core/rejection: costs no fetch when it was replaced before: its",
      "core/suspect: of an old credential changes nothing",
    ],
  },
  {
    id: "5",
    what: "Your calls do not fail with 40001: at worst they are slower",
    outcome:
      "While the ledger allows a fetch that the platform would answer with a live token: refusals may spend 10 % of the day's quota at once, 60 % in any 24 h. An API that refuses every token affects only its own callers. A consumer over a store that reports no changes waits up to half of `waitMs` longer (10 s): until an owner reads next.",
    by: [
      "bench/contention: whose token is killed every $everyMs ms",
      "bench/contention: beside another system that fetches every $everyMs ms",
      "wechat/refusing-api: costs no healthy call, no fetch",
      reference,
      "wechat/api: replaces a token that is refused with %d",
      "wechat/wechat: %s is delayed, but no call is refused",
      "core/consumers-wait: is served within its wait where the store reports no changes",
    ],
  },
  {
    id: "6",
    what: "The day's quota is never exceeded, whatever happens",
    outcome: "Fetches per day stay within the ledger's cap.",
    by: [
      simulated,
      "core/platform-outage: gets no request if the fleet has used up the day's quota",
      "core/governor: counts each request once, and subtracts one that",
    ],
  },
  {
    id: "7",
    what: "A store that fails is not an empty store",
    outcome: "No outage and no unreadable value causes a fetch.",
    by: [
      "e2e/outage: a cold node whose store is unreachable",
      "conformance/fault-outage: an error is never reported as a miss",
    ],
  },
  {
    id: "8",
    what: "Environments do not touch each other's keys",
    outcome: "Values under one prefix are never read, changed or removed through another.",
    by: [
      "conformance/prefix-isolation: a key under one prefix is invisible",
      "config/isolation-redis: keep their keys under their own prefixes",
    ],
  },
  {
    id: "9",
    what: "A node that has lost its lease knows it before it stores anything",
    outcome: "The signal reports the loss; a late holder cannot release the lock.",
    by: [
      "conformance/lease-loss: the loss signal comes before",
      "conformance/lock-time: an expired lock is granted to the next owner",
      explored,
    ],
  },
  {
    id: "10",
    what: "Closing is clean",
    outcome: "Every caller is settled; no timer, no subscription, no unhandled rejection is left.",
    by: [
      "core/serving: settles callers with CLOSED",
      "core/after-close: a background reading that arrives is not adopted",
      "wechat/wechat: settles waiting callers",
      "e2e/holder-crash: is paused (SIGSTOP) before %s",
    ],
  },
  {
    id: "11",
    what: "Secrets stay inside",
    outcome: "Only the platform sees a secret, and the store sees tokens, sealed if so configured.",
    by: [
      "e2e/secret-leaks: over $name, no output of any kind",
      "wechat/wechat: shows neither secret nor token",
    ],
  },
  {
    id: "12",
    what: "All this holds for 1, 2, 10 and 1000 nodes",
    outcome:
      "In simulation, under every fault that needs no real driver; larger fleets with `pnpm simulate --nodes 1000`.",
    by: [simulated, "simulation/simulate: makes exactly one fetch a lifetime"],
  },
];
