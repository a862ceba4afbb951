/**
 * The kinds of the faults that public reports and outside benches found, which tests of single
 * cases had missed: each with what keeps the whole kind out now.
 */
import type { Row } from "./row.ts";

export const kinds: readonly Row[] = [
  {
    id: "K1",
    what: "A protection costs callers more than it saves",
    outcome:
      "Only a fetch that kills something is held back, by a budget that the day's quota pays for; while it lasts, a refused call fetches at once. Operators have a budget of their own.",
    by: [
      "bench/war: whose token is killed every $everyMs ms",
      "core/governor: counts each request once",
    ],
  },
  {
    id: "K2",
    what: "One complaint is believed for everybody",
    outcome:
      "The platform is asked about the credential first, whatever its age. What it calls alive is kept; what it does not tell about stays in use until it has been replaced.",
    by: [
      "core/rejection: is kept when the platform calls it alive",
      "core/rejection: is remembered however many foreign texts are reported",
      "wechat/refusing-api: costs in 24 h no healthy call",
    ],
  },
  {
    id: "K3",
    what: "A parent is blamed for its child's refusal",
    outcome:
      "It is replaced once for a goal, and only if it is dead after that; the rest is the child's failure, counted and backed off.",
    by: [
      "core/parent: backs off when the parent is alive, and counts what left",
      "core/standalone: tells a refused parent",
    ],
  },
  {
    id: "K4",
    what: "A state that only a person or a restart ends",
    outcome:
      "Each state has an end of its own: a next try, an hour, or the first operation that works. They are listed in recovery.md.",
    by: [
      "core/refused: is over for every node within ten minutes",
      "core/refused-writes: is seen to take writes again",
    ],
  },
  {
    id: "K5",
    what: "A refusal of one node's address stops the fleet",
    outcome:
      "A refusal says whom it concerns: of the account, one node tries again for all; of an address, each such node for itself.",
    by: [
      "wechat/refused-address: is refused to its node alone",
      "wechat/refused-address: is tried again by each node for itself",
    ],
  },
  {
    id: "K6",
    what: "A second way of doing the same, which lacks what the first has learned",
    outcome: "Without a store the same leader runs over the node's own copy of the document.",
    by: [
      "core/standalone: remembers a refusal that concerns the",
      "core/standalone: calls nobody an intruder",
    ],
  },
  {
    id: "K7",
    what: "A failure is judged by where it happens instead of by what it is",
    outcome:
      "Whichever store command fails, what can be done without the store is decided by the failure itself, within the store's deadline.",
    by: [
      "core/refused-writes: does not stop a stable token",
      "core/refused-writes: keeps a token whose fetch kills the one before",
    ],
  },
  {
    id: "K8",
    what: "A later claim harms an earlier one",
    outcome:
      "Claims are ordered; an earlier one is never refused and never made a consumer, whatever the later one is set to.",
    by: [
      "core/claims: is never refused or made a consumer by a later one",
      "core/claims: stays first when the registry is lost",
    ],
  },
  {
    id: "K9",
    what: "Work waits for a timer of its own though an event announces the moment",
    outcome:
      "What became of a request, an answer or a refusal, is stored when the store answers again, whoever notices that.",
    by: [
      "core/pending-commit: is stored by whatever finds the store back",
      "core/pending-abandon: is recorded when the store returns",
    ],
  },
  {
    id: "K10",
    what: "Something is taken over because of its age, which was spent in an outage",
    outcome:
      "An open request is left alone until it was seen open for 2 s with the store answering, and its leader keeps the lease.",
    by: [
      "core/failover: for $awayMs ms, with an overlap of",
      "core/pending-commit: keeps the lease",
    ],
  },
  {
    id: "K11",
    what: "A wait for somebody's work is expressed as doing that work",
    outcome:
      "A call waits until an open request has ended, within one `waitMs` in all; reconciling is the background's alone.",
    by: [
      "core/failover: waits until the request is reported",
      "core/failover: waits no longer than the platform may still process it",
    ],
  },
  {
    id: "K12",
    what: "A doubt costs a credential where a question would settle it",
    outcome:
      "Without an overlap the platform's word that the stored one is alive, given after the drain, ends the doubt.",
    by: ["core/failover: is settled after the drain by a probe that says alive"],
  },
  {
    id: "K13",
    what: "A war that nobody names",
    outcome:
      "Whoever marks a refused credential tells of it, with the environment that claims it too; without a store nobody is accused.",
    by: [
      "core/rejection: is reported by whoever marks it first",
      "core/rejection: is reported with the name of the environment",
      "bench/war: stay within their budgets",
    ],
  },
  {
    id: "K14",
    what: "The world of the tests is kinder than the real one",
    outcome:
      "The simulation draws all of the above by default, and audits availability: a call may fail only with an excuse that names an injected fault, the node that it hit, and its time.",
    by: ["simulation/simulate: keeps every promise under each of"],
  },
];
