/** Rows for faults of the platform, and for what others do there with the same AppID. */
import type { Row } from "./row.ts";
import { simulated } from "./shared-proofs.ts";

export const platformFaults: readonly Row[] = [
  {
    id: "F23",
    what: "The platform times out and never processed the request",
    outcome: "The present token goes on; a reconciling refresh is made later.",
    by: [
      "core/abandon: of unknown outcome counts as in flight until the",
      "wechat/wechat: %s is delayed, but no call is refused",
    ],
  },
  {
    id: "F24",
    what: "The platform times out and processes the request late",
    outcome: "The next request waits until the first must have been processed.",
    by: [
      "core/request-order: are reconciled when the first is processed late",
      "core/request-order: are not both sent while the present credential works",
    ],
  },
  {
    id: "F25",
    what: "The platform processes a request after its caller timed out",
    outcome: "The first refused call causes a refresh; its caller only sees a slower call.",
    by: [
      "core/rejection: is replaced by one fetch for all who report it",
      "simulation/simulate: stays within the reference figures",
    ],
  },
  {
    id: "F26",
    what: "The platform is busy (-1, 45011)",
    outcome: "A few attempts under one lease, then one back-off for the whole fleet.",
    by: [
      "core/platform-outage: is asked again within the same lease if it was busy",
      "core/platform-outage: backs the whole fleet off",
    ],
  },
  {
    id: "F27",
    what: "The day's quota is used up (45009)",
    outcome: "The ledger is full until midnight in Shanghai; the present token goes on.",
    by: [
      "core/abandon: marks the quota as used up when the platform says so",
      "wechat/issuers: with %s has its outcome",
    ],
  },
  {
    id: "F28",
    what: "An HTML page, a redirect, an empty or partial answer, a decompression bomb",
    outcome: "Invalid, of unknown outcome, and never logged.",
    by: [
      "wechat/wechat: %s is delayed, but no call is refused",
      "wechat/loopback: is unknown if the answer is compressed",
    ],
  },
  {
    id: "F29",
    what: "The platform returns the same token again",
    outcome: "Same generation, longer life, no loop.",
    by: [
      "core/serving: does not loop if a stable issuer returns the",
      "core/commit: of the secret that is already stored keeps",
    ],
  },
  {
    id: "F30",
    what: "A token lives for much less than documented",
    outcome:
      "The refresh windows shrink with it. Each token is replaced before its end, as often as the day's quota allows.",
    by: ["core/windows: shrink with a shorter lifetime, and keep their order", simulated],
  },
  {
    id: "F31",
    what: "A lifetime that is over, negative or absurd",
    outcome: "The answer is invalid and its outcome unknown.",
    by: ["wechat/answer: with expires_in %j is invalid", simulated],
  },
  {
    id: "F32",
    what: "The AppSecret was changed at the platform",
    outcome:
      "One attempt for the fleet, then one after 1 min and every 7 to 9 min, or at once with another secret; the present token goes on.",
    by: [
      "core/platform-refusal: costs the fleet one fetch",
      "core/platform-refusal: is over for every node within ten minutes after",
      "core/standalone: remembers a refusal that concerns the %s, and sends",
      "wechat/wechat: sends a wrong secret once",
    ],
  },
  {
    id: "F33",
    what: "The account is frozen, or the node's address is not on its allow-list",
    outcome:
      "As for a wrong secret, with the platform's code. A refused address affects only its own node.",
    by: [
      "wechat/issuers: with %s has its outcome",
      "core/platform-refusal: of one node's address is tried again by that node",
      "wechat/refused-address: blocks only itself",
    ],
  },
  {
    id: "F34",
    what: "Another environment fetches with the same AppID",
    outcome:
      "No call fails while the ledger lasts: one fetch for each killed token, at most 60 % of the day's quota. After that calls fail until the next fetch, a minute and a half with a quota of 2000. It is reported with evidence and the remedy: such a fetch does not affect the stable token.",
    by: [
      "bench/contention: beside another system that fetches every $everyMs ms",
      "core/rejection: is reported as contended with evidence: suspected",
      "core/rejection: is reported with the name of the other environment",
      "simulation/simulate: uses at most 60 % of the day's quota for refusals in 24 hours",
    ],
  },
  {
    id: "F35",
    what: "A person resets the token once in the console",
    outcome:
      "One refresh for the whole fleet; the contention is reported as suspected, not as confirmed.",
    by: [
      "core/rejection: is reported as contended with evidence: suspected",
      "core/rejection: is replaced by one fetch for all who report it",
    ],
  },
];
