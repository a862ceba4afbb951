/** Many credentials and many callers in one process, and what keeps one alive. */
import type { Regression } from "../regression.ts";

const core = "packages/core/src";
const onAbort = `${core}/time/on-abort.ts`;
const test = `${core}/time/on-abort.test.ts`;
const title = "put one listener on it, and none is left";

export const yearsMany: readonly Regression[] = [
  {
    right: "Callers that share one signal put one listener on it, not one each.",
    edits: [
      {
        file: onAbort,
        from: "const shared = all.get(signal) ?? share(signal);",
        to: "const shared = share(signal);",
      },
    ],
    test,
    title,
  },
  {
    right: "When nobody waits with a signal, no listener is left on it.",
    edits: [{ file: onAbort, from: 'signal.removeEventListener("abort", shared.tell);', to: "" }],
    test,
    title,
  },
  {
    right: "The simulation also draws thousands of credentials in one process.",
    edits: [
      {
        file: "apps/simulation/src/scenario/scenarios.ts",
        from: ".happens(share)",
        to: ".happens(0)",
      },
    ],
    test: "apps/simulation/src/scenario/scenarios.test.ts",
    title: "draws every scenario by default",
  },
  {
    right: "Its audit notices credentials that have a subscription each.",
    edits: [
      {
        file: "apps/simulation/src/audit/crowd-audit.ts",
        from: "if (subscriptions !== 1)",
        to: "if (subscriptions < 1)",
      },
    ],
    test: "apps/simulation/src/audit/crowd-audit.test.ts",
    title: "2 subscriptions: the audit says so",
  },
  {
    right: "A configuration that polls keeps no process alive whose own client is gone.",
    edits: [
      {
        file: "packages/config/src/sources/poll.ts",
        from: "delay(clock, pollMs, signal, { background: true })",
        to: "delay(clock, pollMs, signal)",
      },
    ],
    test: "packages/config/src/sources/poll.test.ts",
    title: "keeps no process alive",
  },
  {
    right: "A configuration whose watch fails keeps no process alive.",
    edits: [
      {
        file: "packages/config/src/live/watching.ts",
        from: "delay(clock, restMs, signal, { background: true })",
        to: "delay(clock, restMs, signal)",
      },
    ],
    test: "packages/config/src/sources/poll.test.ts",
    title: "keeps no process alive",
  },
];
