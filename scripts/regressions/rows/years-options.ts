/** What a factory is given, what errors say, and what operators can do and see. */
import type { Regression } from "../regression.ts";

const core = "packages/core/src";
const options = `${core}/scenarios/options.test.ts`;

export const yearsOptions: readonly Regression[] = [
  ...["credential", "createCache", "wechat", "fileSource", "keyvLock", "tokenServer"].map(
    (factory): Regression => ({
      right: `Every factory checks what it is given: a wrong type for any option of ${factory}().`,
      edits: [
        {
          file: `${core}/options.ts`,
          from: "if (value !== undefined && Object.hasOwn(kinds, name))",
          to: 'if (value !== undefined && kinds[name] === "clock")',
        },
      ],
      test: "apps/e2e/src/inputs/option-kinds.test.ts",
      title: `${factory} `,
    }),
  ),
  {
    right: "An unknown or misspelt option is refused with the list of what there is.",
    edits: [
      {
        file: `${core}/options.ts`,
        from: "if (unknown.length === 0) return;",
        to: "if (unknown.length >= 0) return;",
      },
    ],
    test: options,
    title: "a misspelt option",
  },
  {
    right: "A misspelt parameter is refused with the list of what there is.",
    edits: [
      {
        file: `${core}/parameters.ts`,
        from: 'requireOptions("parameters", given, kinds);',
        to: "",
      },
    ],
    test: options,
    title: "a misspelt parameter",
  },
  {
    right: "Another word for onConflict is refused with the words that there are.",
    edits: [
      {
        file: `${core}/fleet/context.ts`,
        from: 'requireOneOf("onConflict", options.onConflict, ["error", "warn", "consume", "coexist"]);',
        to: "",
      },
    ],
    test: options,
    title: "another word for onConflict",
  },
  {
    right: "Another word for standalone is refused with the words that there are.",
    edits: [
      {
        file: `${core}/fleet/context.ts`,
        from: 'requireOneOf("standalone", options.standalone, ["never", "when-harmless", "always"]);',
        to: "",
      },
    ],
    test: options,
    title: "another word for standalone",
  },
  {
    right:
      "A store has one deadline: a credential that is told no other waits as long as its store.",
    edits: [
      {
        file: `${core}/fleet/context.ts`,
        from: "= storeDeadlineOf(store, options.parameters?.storeDeadlineMs);",
        to: "= void storeDeadlineOf;",
      },
    ],
    test: `${core}/scenarios/store-deadline.test.ts`,
    title: "the store's own",
  },
  {
    right: "Parameters reach an issuer's fallback.",
    edits: [
      {
        file: `${core}/fleet/context.ts`,
        from: "{ ...Object.fromEntries(shared), mandatoryMs }, own.storeDeadlineMs,",
        to: "{ mandatoryMs }, void shared,",
      },
    ],
    test: `${core}/fleet/context.test.ts`,
    title: "share with the fallback's what describes",
  },
  {
    right: "A store's deadline that would hide the credential's longer one is no silent limit.",
    edits: [
      {
        file: `${core}/fleet/store-deadline.ts`,
        from: "if (given !== undefined && given > leastMs)",
        to: "if (given !== undefined && given < 0 * leastMs)",
      },
    ],
    test: `${core}/scenarios/store-deadline.test.ts`,
    title: "is refused when the store's own deadline is shorter",
  },
  {
    right: "The error of a store that is silent names the credential's knob.",
    edits: [
      {
        file: `${core}/fleet/store-deadline.ts`,
        from: "did not answer within ${ms} ms (storeDeadlineMs).",
        to: "did not answer within ${ms} ms.",
      },
    ],
    test: `${core}/scenarios/cold-start.test.ts`,
    title: "names in its error the setting that limits a command",
  },
  {
    right: "The error of a driver that is silent names the store's knob.",
    edits: [
      {
        file: `${core}/driver/driver-guard.ts`,
        from: "did not answer within ${deadlineMs} ms (deadlineMs of its cache or lock).",
        to: "did not answer within ${deadlineMs} ms.",
      },
    ],
    test: `${core}/driver/driver-guard.test.ts`,
    title: "FAULT-01",
  },
  {
    right: "The error of a lock that is silent names its knob.",
    edits: [
      {
        file: `${core}/time/wait.ts`,
        from: "${Math.max(0, Math.round(ms))} ms (storeDeadlineMs).",
        to: "${Math.max(0, Math.round(ms))} ms.",
      },
    ],
    test: `${core}/lease/try-acquire.test.ts`,
  },
  {
    right: "A client's parameters reach its tickets.",
    edits: [
      {
        file: "packages/wechat/src/tickets/ticket-credentials.ts",
        from: "const parameters = ticketParameters(issuer, shared.parameters);",
        to: "const parameters = ticketParameters(issuer);",
      },
    ],
    test: "packages/wechat/src/account/wechat.test.ts",
  },
  {
    right: "`storeReachable` is undefined before the first contact.",
    edits: [
      {
        file: `${core}/fleet/store-health.ts`,
        from: "return this.isReachable ? this.#hasWorked : false;",
        to: "return this.isReachable && this.#hasWorked !== null;",
      },
    ],
    test: options,
    title: "is undefined before the first command, and then",
  },
  {
    right: "`kept-stale` names which of its causes it was.",
    edits: [
      {
        file: `${core}/manager/background.ts`,
        from: "this.#dependencies.breaker, this.#staleReason,",
        to: "this.#dependencies.breaker, undefined,",
      },
    ],
    test: `${core}/manager/stale-cause.test.ts`,
  },
  {
    right: "The last refusal is named also in the process that saw it.",
    edits: [
      {
        file: `${core}/leader/block-reason.ts`,
        from: "const isNamed = block === undefined && isIssueError(error);",
        to: "const isNamed = isIssueError(error);",
      },
    ],
    test: options,
    title: "keeps the last refusal also on the node that saw it",
  },
  {
    right: "A keyring in another shape is a CONFIGURATION error and no bare TypeError.",
    edits: [
      {
        file: `${core}/sealing/keyring.ts`,
        from: 'requireOptions("keyring()", options, { active: "object", readable: "list" });',
        to: "",
      },
      {
        file: `${core}/sealing/keyring.ts`,
        from: 'requireKnown("active", active, ["id", "key"]); for (const each of readable) requireKnown("One of readable", each, ["id", "key"]);',
        to: "",
      },
    ],
    test: options,
    title: "never causes a bare TypeError: keyring",
  },
  {
    right: "An operator's reset has every node forget a token that the store may bring back.",
    edits: [
      {
        file: `${core}/state/reset.ts`,
        from: "{ outcomeId: event.outcomeId, minEpoch, backOffUntilMs: 0, failures: 0 },",
        to: "{ outcomeId: event.outcomeId, backOffUntilMs: 0 * minEpoch, failures: 0 },",
      },
    ],
    test: `${core}/scenarios/reset.test.ts`,
    title: "is no longer handed out by any node, and no node",
  },
  {
    right: "After a reset a stable token is handed out by every node again, for one fetch.",
    edits: [
      {
        file: `${core}/fleet/adoption.ts`,
        from: "(this.#node.local.wasReplaced(stored.fingerprint) && !this.#node.local.wasReissued(stored)) ||",
        to: "this.#node.local.wasReplaced(stored.fingerprint) ||",
      },
    ],
    test: `${core}/scenarios/reset.test.ts`,
    title: "is handed out by every node again after one fetch",
  },
  {
    right: "The search explores an operator's reset: one without a bar is found.",
    edits: [
      {
        file: `${core}/state/reset.ts`,
        from: "{ outcomeId: event.outcomeId, minEpoch, backOffUntilMs: 0, failures: 0 },",
        to: "{ outcomeId: event.outcomeId, backOffUntilMs: 0 * minEpoch, failures: 0 },",
      },
    ],
    test: "apps/simulation/src/explore/search/search.processes.test.ts",
    title: "operator's reset",
  },
];
