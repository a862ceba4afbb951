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
    title: "is not delayed by the owner's pause",
  },
  {
    right: "What was fetched without the store is there within seconds of its return.",
    edits: [
      {
        file: `${core}/manager/read-pause.ts`,
        from: "if (local.cached?.hasStoreTime === false) return true;",
        to: "",
      },
    ],
    test: consumersTest,
    title: "is served soon after a store is back",
  },
  {
    right: "What an owner fetched while the store refused writes is stored within 2 s of its end.",
    edits: [
      {
        file: `${core}/manager/read-pause.ts`,
        from: "return isAwaited(dependencies) && (isOwed || local.continued !== undefined);",
        to: "return isAwaited(dependencies) && isOwed && false;",
      },
    ],
    test: consumersTest,
    title: "is served soon after its owner has the store again",
  },
  {
    right:
      "An outcome that the store refused is offered again within 2 s, however long that lasts.",
    edits: [
      {
        file: `${core}/leader/unstored-outcome.ts`,
        from: "const retryMaxMs = 1_000;",
        to: "const retryMaxMs = 10_000;",
      },
    ],
    test: `${core}/leader/unstored-outcome.test.ts`,
  },
  {
    right: "Where the store reports no changes, that holds while a replacement is due too.",
    edits: [
      {
        file: `${core}/manager/background.ts`,
        from: "const dueWaitMs = Math.min(recheckDueMs, waitMs);",
        to: "const dueWaitMs = Math.max(recheckDueMs, Math.min(recheckDueMs, waitMs));",
      },
    ],
    test: `${core}/manager/background.test.ts`,
    title: "comes as often while a replacement is due",
  },
  {
    right: "Consumers that started during an outage get what their owner fetched meanwhile.",
    edits: [
      {
        file: `${core}/manager/read-pause.ts`,
        from: "(node.local.continued === undefined ? steppedMs(failures) : retryMs)",
        to: "Math.max(steppedMs(failures), retryMs)",
      },
    ],
    test: `${core}/manager/read-pause.test.ts`,
  },
  {
    right: "A refusal stands although the answer to an earlier request is stored after it.",
    edits: [
      {
        file: `${core}/refresh/circuit-breaker.ts`,
        from: "return stored?.commitId === fatal.stored || isRequestedBefore ? fatal : undefined;",
        to: "return stored?.commitId === fatal.stored || (isRequestedBefore && false) ? fatal : undefined;",
      },
    ],
    test: `${core}/refresh/circuit-breaker-timing.test.ts`,
    title: "still waits when another node stores late",
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
    right:
      "A refusal that a consumer met is heard within its wait where the store reports no changes.",
    edits: [
      {
        file: `${core}/manager/background.ts`,
        from: "Math.min(recheckMs, isUnheard ? awaitedRecheckMs(context.parameters, source) : recheckMs)",
        to: "Math.min(recheckMs, isUnheard ? 2 * recheckMs : awaitedRecheckMs({ waitMs: 2 * recheckMs }, source))",
      },
    ],
    test: consumersTest,
    title: "is served within its wait where the store reports no changes",
  },
  {
    right: "A refusal that a consumer met is heard although the store has lost everything.",
    edits: [
      {
        file: `${core}/refresh/consumer.ts`,
        from: "await demand.mark(source, state?.usedAtMs === undefined);",
        to: "await demand.mark(source);",
      },
    ],
    test: consumersTest,
    title: "is served soon after its call was refused and the store had lost everything",
  },
  {
    right: "A mark that no document took is no answer of the owners.",
    edits: [
      {
        file: `${core}/refresh/consumer.ts`,
        from: 'return applied !== undefined && applied.verdict.kind !== "other";',
        to: "return applied !== undefined;",
      },
    ],
    test: consumersTest,
    title: "is served soon after its call was refused and the store had lost everything",
  },
  {
    right: "An owner tries with another secret within a second while consumers wait for it.",
    edits: [
      {
        file: `${core}/manager/background.ts`,
        from: "this.#awaitsMend() ? Math.min(ms, mendLookMs) : ms",
        to: "this.#awaitsMend() ? Math.max(ms, mendLookMs) : ms",
      },
    ],
    test: consumersTest,
    title: "has another AppSecret",
  },
  {
    right:
      "A refresh for a caller is no failed attempt of the background, which would pause for it.",
    edits: [
      {
        file: `${core}/manager/single-flight.ts`,
        from: "const running = this.#running ?? this.#start(goal, false);",
        to: "if (this.#running !== undefined) return undefined; const running = this.#start(goal, false);",
      },
    ],
    test: `${core}/manager/single-flight-waits.test.ts`,
    title: "joins a refresh that is running already",
  },
  {
    right: "Nobody waits for a drain for the sake of a credential that no node hands out.",
    edits: [
      {
        file: `${core}/state/intent.ts`,
        from: "return isLive(state, nowMs + Math.min(marginMs, lifeMs / 20));",
        to: "return isLive(state, nowMs + 0 * Math.min(marginMs, lifeMs / 20));",
      },
    ],
    test: `${core}/state/intent.test.ts`,
  },
  {
    right: "A consumer's use counts from its last caller, for two lifetimes.",
    edits: [
      {
        file: `${core}/state/use.ts`,
        from: "const usedAtMs = nowMs - agoMs;",
        to: "const usedAtMs = nowMs - 0 * agoMs;",
      },
    ],
    test: `${core}/state/use.test.ts`,
  },
  {
    right: "An earlier claim stays earlier when the store has lost it and its processes restarted.",
    edits: [
      {
        file: `${core}/fleet/claim-decision.ts`,
        from: "(by.claimedMs ?? sentAtMs)",
        to: "(by.claimedMs === undefined ? sentAtMs : sentAtMs)",
      },
    ],
    test: `${core}/fleet/lost-claims.test.ts`,
  },
  {
    right: "An earlier claim stays earlier when an operator had the fleet forget its credential.",
    edits: [
      {
        file: `${core}/leader/write-intent.ts`,
        from: "state?.credential ?? latest",
        to: "state?.credential ?? (latest && undefined)",
      },
    ],
    test: `${core}/fleet/lost-claims.test.ts`,
  },
  {
    right:
      "A call is excused by a fault alone: a consumer may not wait for an owner's slow reading.",
    edits: [
      {
        file: `${simulation}/audit/availability-audit.ts`,
        from: "export const ownerReadsEveryMs = 10_000;",
        to: "export const ownerReadsEveryMs = 300_000;",
      },
    ],
    test: `${simulation}/audit/availability-audit.test.ts`,
  },
  {
    right: "A token that an operator dropped need not be served, though the store lost the reset.",
    edits: [
      {
        file: `${simulation}/audit/reset-audit.ts`,
        from: "for (const token of this.#forgotten.keys()) this.#forgotten.set(token, undefined);",
        to: "this.#forgotten.clear();",
      },
    ],
    test: `${simulation}/audit/reset-audit.test.ts`,
  },
  {
    right: "A token fetched alone stays in use over an empty store that refuses writes.",
    edits: [
      {
        file: "packages/core/src/fleet/adoption.ts",
        from: "if (isUndated && stored !== undefined) local.forget();",
        to: "if (isUndated) local.forget();",
      },
    ],
    test: "packages/core/src/scenarios/refused-writes.test.ts",
    title: "leaves the token in use",
  },
];
