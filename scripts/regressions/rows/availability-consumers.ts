import type { Regression } from "../regression.ts";

const core = "packages/core/src";
const simulation = "apps/simulation/src";
const consumersTest = `${core}/scenarios/consumers-wait.test.ts`;

/** Consumers that wait for an owner, and what the long simulations found. */
export const availabilityConsumers: readonly Regression[] = [
  {
    right: "An owner without callers fetches for consumers that wait, whatever it forgot.",
    edits: [
      {
        file: `${core}/manager/background.ts`,
        from: "(breaker.isRefused || demand.isMarked(source.usedAtMs))",
        to: "breaker.isRefused",
      },
    ],
    test: consumersTest,
    title: "is served soon after an operator's reset",
  },
  {
    right: "A refusal that an owner hears of ends its pause after attempts for another reason.",
    edits: [
      {
        file: `${core}/manager/retry-pause.ts`,
        from: 'return failedFor !== "rejected" && this.#dueGoal()?.reason === "rejected";',
        to: 'return failedFor === "cold" && this.#dueGoal()?.reason === "rejected";',
      },
    ],
    test: consumersTest,
    title: "does not wait for the owner's pause",
  },
  {
    right: "What was fetched without the store is there within seconds of its return.",
    edits: [
      {
        file: `${core}/manager/background.ts`,
        from: "const pauseMs = isUnseen ? retryMs : steppedMs(this.#readFailures);",
        to: "const pauseMs = steppedMs(isUnseen ? this.#readFailures : this.#readFailures);",
      },
    ],
    test: consumersTest,
    title: "is served soon after a store is back",
  },
  {
    right: "Callers are served 2 s after an outage: a request that must have ended is lost sooner.",
    edits: [
      {
        file: `${core}/fleet/lost-request.ts`,
        from: "const endedGraceMs = 1_500;",
        to: "const endedGraceMs = 2_000;",
      },
    ],
    test: `${core}/fleet/lost-request.test.ts`,
  },
  {
    right: "A consumer without messages is excused only where a fault killed its token.",
    edits: [
      {
        file: `${simulation}/audit/consumer-reports.ts`,
        from: "if (consumes && !pushesChanges && isLost(wechat, token))",
        to: "if (consumes && !pushesChanges && token !== wechat.latestId)",
      },
    ],
    test: `${simulation}/audit/consumer-reports.test.ts`,
  },
];
