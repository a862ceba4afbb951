/**
 * The kinds of fault that public reports and external benchmarks found and tests of single cases
 * had missed, each with what prevents the whole kind now.
 */
import type { Row } from "./row.ts";

export const kinds: readonly Row[] = [
  {
    id: "K1",
    what: "A protection costs callers more than it saves",
    outcome:
      "Only a fetch that invalidates a token is limited, by a budget from the day's quota. While the budget lasts, a refused call fetches at once. Operators have their own budget.",
    by: [
      "bench/contention: whose token is killed every $everyMs ms",
      "core/governor: counts each request once, and subtracts one that",
    ],
  },
  {
    id: "K2",
    what: "One report is believed for the whole fleet",
    outcome:
      "The platform is asked about the credential first, whatever its age. A token that it calls alive is kept. A token without an answer stays in use until it is replaced.",
    by: [
      "core/rejection: is kept when the platform calls it alive",
      "core/rejection: is remembered, however many unknown texts are reported",
      "wechat/refusing-api: costs no healthy call, no fetch",
    ],
  },
  {
    id: "K3",
    what: "A parent is blamed for its child's refusal",
    outcome:
      "The parent is replaced once, and again only if it is dead. Everything else counts as the child's failure, with back-off.",
    by: [
      "core/parent: backs off when the parent is alive, and counts",
      "core/standalone: reports a refused parent, has it replaced once",
    ],
  },
  {
    id: "K4",
    what: "A state that only a person or a restart ends",
    outcome:
      "Each state ends by itself: by the next attempt, after an hour, or with the first successful operation. They are listed in recovery.md.",
    by: [
      "core/platform-refusal: is over for every node within ten minutes after",
      "core/refused-writes: is found writable again even if nothing has to be written",
    ],
  },
  {
    id: "K5",
    what: "A refusal of one node's address stops the fleet",
    outcome:
      "A refusal records whom it concerns. For the account one node retries for all; for an address each affected node retries for itself.",
    by: [
      "wechat/refused-address: blocks only itself",
      "wechat/refused-address: tries again at the pace for manual corrections",
    ],
  },
  {
    id: "K6",
    what: "A second implementation that lacks the corrections of the first",
    outcome: "Without a store the same leader runs over the node's own copy of the document.",
    by: [
      "core/standalone: remembers a refusal that concerns the %s, and sends",
      "core/standalone: reports no contention and uses no fallback, because",
    ],
  },
  {
    id: "K7",
    what: "A failure is judged by its place instead of its cause",
    outcome:
      "Whichever store command fails, what can be done without the store is decided by the failure itself, within the store's deadline.",
    by: [
      "core/refused-writes: does not stop a stable token, and is reported once",
      "core/refused-writes: stops the fetch of a token that would kill the",
    ],
  },
  {
    id: "K8",
    what: "A later claim harms an earlier one",
    outcome:
      "Claims are ordered; an earlier one is never refused and never made a consumer, whatever the later one is set to.",
    by: [
      "core/claims: is never refused or made a consumer by a later one",
      "core/claims: stays first if the registry is lost",
    ],
  },
  {
    id: "K9",
    what: "Work waits for its own timer although an event shows the right moment",
    outcome:
      "The outcome of a request is stored as soon as any operation finds the store reachable again.",
    by: [
      "core/pending-commit: is stored by the first operation that reaches the",
      "core/pending-abandon: is recorded when the store returns",
      "core/woken-by-events: stores its credential within a minute of the store's",
    ],
  },
  {
    id: "K10",
    what: "A request is taken over because of its age, although the age is that of an outage",
    outcome:
      "An open request is left alone until it was seen open for 2 s with the store answering, and its leader keeps the lease.",
    by: [
      "core/failover: for $awayMs ms, with an overlap of",
      "core/pending-commit: keeps the lease until the request must have been",
    ],
  },
  {
    id: "K11",
    what: "Waiting for another node's work is implemented as doing that work",
    outcome:
      "A call waits until an open request has ended, within one `waitMs` in all; only the background starts a reconciling refresh.",
    by: [
      "core/failover: waits until the request is reported",
      "core/failover: waits only as long as the platform may still process",
    ],
  },
  {
    id: "K12",
    what: "A doubt costs a credential although a probe could resolve it",
    outcome:
      "Without an overlap the platform's answer after the drain that the stored token is alive resolves the doubt.",
    by: ["core/failover: is settled after the drain without a fetch, by"],
  },
  {
    id: "K13",
    what: "A contention that is not reported",
    outcome:
      "The node that marks a refused credential reports the contention, with the other environment that claims it. Without a store no one is accused.",
    by: [
      "core/rejection: is reported by the node that marks it first, even",
      "core/rejection: is reported with the name of the other environment",
      "bench/contention: stay within their budgets",
    ],
  },
  {
    id: "K14",
    what: "The tests are kinder than reality",
    outcome:
      "The simulation draws all of the above by default, and audits availability: a call may fail only with an excuse that names an injected fault, the node that it hit, and its time.",
    by: ["simulation/simulate: keeps every promise under each of"],
  },
];
