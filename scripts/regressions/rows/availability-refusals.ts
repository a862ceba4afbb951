import type { Regression } from "../regression.ts";

const core = "packages/core/src";
const state = `${core}/state`;
const breaker = `${core}/refresh/circuit-breaker.ts`;
const refresh = `${core}/refresh/refresh.ts`;
const withoutStore = `${core}/refresh/without-store.ts`;
const refusedTest = `${core}/scenarios/platform-refusal.test.ts`;
const writesTest = `${core}/scenarios/refused-writes.test.ts`;

/** No failure outlives its cause: refusals that end, and stores that refuse. */
export const availabilityRefusals: readonly Regression[] = [
  {
    right: "What a person must mend is tried again by itself after a minute.",
    edits: [
      {
        file: breaker,
        from: "nextMs: clock.monotonicMs() + waitMs, count,",
        to: "nextMs: clock.monotonicMs() + waitMs + 1e12, count,",
      },
    ],
    test: refusedTest,
    title: "is tried again without help after a minute, then",
  },
  {
    right: "Later tries come every 7 to 9 minutes.",
    edits: [
      {
        file: `${state}/refusal.ts`,
        from: "const laterTryMs = 7 * 60_000;",
        to: "const laterTryMs = 60 * 60_000;",
      },
    ],
    test: refusedTest,
    title: "is tried again without help after a minute, then",
  },
  {
    right: "What concerns the account is tried by one node for the fleet.",
    edits: [
      {
        file: `${state}/abandon.ts`,
        from: "{ refusal: remembered(state, event.code, event.refusal, nowMs) }",
        to: "(remembered(state, event.code, event.refusal, nowMs), {})",
      },
    ],
    test: refusedTest,
    title: "of the account is tried by one node",
  },
  {
    right: "What concerns an address is tried by each node for itself.",
    edits: [
      {
        file: `${core}/leader/write-outcome.ts`,
        from: 'refusal === "node"',
        to: 'refusal !== "node" && refusal !== "account"',
      },
    ],
    test: refusedTest,
    title: "of one node's address is tried again by that node",
  },
  {
    right: "The error says when it is tried again.",
    edits: [
      {
        file: breaker,
        from: '{ cause: error, reason: "refused", retryAfterMs, retryable: false }',
        to: '{ cause: error, reason: "refused", retryable: false }',
      },
    ],
    test: refusedTest,
    title: "is tried again without help after a minute, then",
  },
  {
    right: "It is over at most ten minutes after the mend, although nobody calls.",
    edits: [
      {
        file: `${core}/manager/background.ts`,
        from: "(breaker.isRefused || demand.isMarked(source.usedAtMs))",
        to: "demand.isMarked(source.usedAtMs)",
      },
    ],
    test: refusedTest,
    title: "is over for every node within ten minutes after",
  },
  {
    right: "What still lives is served meanwhile.",
    edits: [
      {
        file: breaker,
        from: 'if (error.outcome === "fatal") {',
        to: `if (error.outcome === "fatal") {
          this.#node.local.markRefused(this.#node.local.cached?.stored.fingerprint ?? "");`,
      },
    ],
    test: refusedTest,
    title: "does not take a live credential out of use",
  },
  {
    right: "Another node's commit closes the breaker.",
    edits: [
      {
        file: breaker,
        from: "return stored?.commitId === fatal.stored || isRequestedBefore ? fatal : undefined;",
        to: "return isRequestedBefore || fatal.stored !== `${stored?.commitId}.` ? fatal : undefined;",
      },
    ],
    test: refusedTest,
    title: "of one node's address is over for that node as",
  },
  {
    right: "A wrong secret costs the fleet one fetch.",
    edits: [
      {
        file: breaker,
        from: "const fleet = state && standing(state, revision);",
        to: "const fleet = undefined as ReturnType<typeof standing>;",
      },
      {
        file: `${state}/intent.ts`,
        from: 'if (nowMs < refusedMs) return { kind: "wait", why: "refused", untilMs: refusedMs };',
        to: "",
      },
    ],
    test: refusedTest,
    title: "costs the fleet one fetch",
  },
  {
    right: "The function that returns the secret is called once a fetch.",
    edits: [
      {
        file: "packages/core/src/leader/gate.ts",
        from: "node.context.revision.recentFor(snapshot.state)",
        to: "node.context.revision.now()",
      },
    ],
    test: "packages/wechat/src/account/secret-calls.test.ts",
    title: "is called once a fetch, and by nothing else",
  },
  {
    right: "It is called once a second while the platform refuses, however many callers there are.",
    edits: [
      {
        file: "packages/core/src/fleet/context.ts",
        from: 'return isRecent && this.#last !== "" ? this.#last : this.now();',
        to: "return this.now();",
      },
    ],
    test: "packages/wechat/src/account/secret-calls.test.ts",
    title: "is called at most once a second by a hundred callers",
  },
  {
    right: "The document holds which secret was refused: a node with another one goes on.",
    edits: [
      {
        file: `${state}/refusal.ts`,
        from: "return isOther ? undefined : refusal;",
        to: "return isOther ? refusal : refusal;",
      },
    ],
    test: refusedTest,
    title: "a node with another secret goes on at once",
  },
  {
    right: "A secret is told apart without being shown.",
    edits: [
      {
        file: "packages/wechat/src/tokens/secret-source.ts",
        from: "fingerprint(fingerprint(`lingpai/refused/${id}`, secret), id);",
        to: "`${fingerprint(id, id)}-${secret}`;",
      },
    ],
    test: "packages/wechat/src/tokens/issuers.test.ts",
    title: "has a revision that changes with it",
  },
  {
    right: "A consumer by conflict returns to owning when the other claim is gone.",
    edits: [
      {
        file: `${core}/refresh/consumer.ts`,
        from: 'if (now === "gone") source.own();',
        to: 'if (now === "gone") return false;',
      },
    ],
    test: `${core}/fleet/ownership.test.ts`,
    title: "becomes the owner when the claim of the first",
  },
  {
    right: "A quota that the console cleared is noticed: one try an hour.",
    edits: [
      {
        file: `${state}/quota.ts`,
        from: "if (gone === undefined || gone.used >= cap) return resetsAtMs(nowMs, rules);",
        to: "if (gone === undefined || gone.used >= 0) return resetsAtMs(nowMs, rules);",
      },
    ],
    test: `${state}/quota-gone.test.ts`,
  },
  {
    right: "Each of these tries is counted.",
    edits: [
      {
        file: `${state}/quota.ts`,
        from: "used: gone.used + 1, nextMs: nowMs + unansweredMs",
        to: "used: gone.used, nextMs: nowMs + unansweredMs",
      },
    ],
    test: `${state}/quota-gone.test.ts`,
  },
  {
    right: "With the store down a lasting refusal is remembered.",
    edits: [
      {
        file: withoutStore,
        from: `const { closing, breaker, node, probe, outcomes } = dependencies;
          const refusal = breaker.callerError(goal.reason);
          if (refusal !== undefined) throw refusal;`,
        to: "const { closing, breaker, node, probe, outcomes } = dependencies;",
      },
    ],
    test: `${core}/scenarios/standalone.test.ts`,
    title: "remembers a refusal that concerns the",
  },
  {
    right: "With the store down a refused parent is told.",
    edits: [
      {
        file: withoutStore,
        from: `void dependencies.source.read().catch(() => {});
            return served;
          } catch (error) {
            if (isIssueError(error)) return await handleRefusal(dependencies, goal, error, parent);`,
        to: `void dependencies.source.read().catch(() => {});
            return served;
          } catch (error) {`,
      },
    ],
    test: `${core}/scenarios/standalone.test.ts`,
    title: "reports a refused parent, has it replaced once",
  },
  {
    right: "A store that refuses writes does not stop a stable token: degraded is degraded.",
    edits: [
      {
        file: refresh,
        from: "if (!isUnavailable(error) || dependencies.parentErrors.has(error)) throw error;",
        to: `if (!isUnavailable(error) || dependencies.parentErrors.has(error) ||
          node.context.health.refusesWrites) throw error;`,
      },
    ],
    test: writesTest,
    title: "does not stop a stable token, and is reported once",
  },
  {
    right: "What the failure is decides, not where it happens: missing rights are not waited for.",
    edits: [
      {
        file: withoutStore,
        from: "if (error.retryable) {",
        to: "if (error.retryable || !node.context.health.isReachable) {",
      },
    ],
    test: writesTest,
    title: "stops the fetch of a token that would kill the",
  },
  {
    right: "It is decided within the store's deadline.",
    edits: [
      {
        file: withoutStore,
        from: '(standalone === "when-harmless" && isHarmless))',
        to: '(standalone === "when-harmless" && isHarmless && node.context.clock.monotonicMs() - startedMs > 5_000))',
      },
    ],
    test: writesTest,
    title: "does not stop a stable token, and is reported once",
  },
  {
    right: "One event reports that it begins.",
    edits: [
      {
        file: `${core}/fleet/store-health.ts`,
        from: "if (!isFirst) return;",
        to: 'if (!isFirst && operation === "get") return;',
      },
    ],
    test: writesTest,
    title: "does not stop a stable token, and is reported once",
  },
  {
    right: "One event reports that it ends.",
    edits: [
      {
        file: `${core}/fleet/store-health.ts`,
        from: 'this.#bus.emit("store-recovered", {',
        to: 'if (operation === "get") this.#bus.emit("store-recovered", {',
      },
    ],
    test: writesTest,
    title: "does not stop a stable token, and is reported once",
  },
];
