/** Mutants that no test noticed at 65d8947, as faults: each stands for a duty of core. */
import type { Regression } from "../regression.ts";

const core = "packages/core/src";

export const yearsSurvivors: readonly Regression[] = [
  {
    right: "The registry of claims is looked at more than once.",
    edits: [
      {
        file: `${core}/fleet/ownership.ts`,
        from: "this.#checkAtMs = this.#context.clock.monotonicMs() + checkEveryMs;",
        to: "this.#checkAtMs = Number.POSITIVE_INFINITY;",
      },
    ],
    test: `${core}/fleet/ownership.test.ts`,
  },
  {
    right: "An environment's own claim is renewed.",
    edits: [
      {
        file: `${core}/fleet/claim-decision.ts`,
        from: "stored !== undefined && nowMs - stored.renewedMs < renewEveryMs && stored.sinceMs === sinceOf(claimant, facts) && endsAtMs(stored) >= coveredMs;",
        to: "stored !== undefined && nowMs >= stored.sinceMs && endsAtMs(stored) >= 0 * coveredMs;",
      },
    ],
    test: `${core}/fleet/ownership.test.ts`,
  },
  {
    right: "A node that closes makes one last attempt to store what it was issued.",
    edits: [
      {
        file: `${core}/manager/manager.ts`,
        from: "await this.#assembly.outcomes.pending?.close();",
        to: "",
      },
    ],
    test: `${core}/leader/unstored-outcome-order.test.ts`,
    title: "stores it if the store accepts writes again",
  },
  {
    right: "An older success does not discard a newer commit that waits to be stored.",
    edits: [
      {
        file: `${core}/leader/unstored-outcome.ts`,
        from: "if (this.#pending !== pending) return; this.#end(); await pending.lease.release();",
        to: "this.#end(); await pending.lease.release();",
      },
    ],
    test: `${core}/leader/unstored-outcome-order.test.ts`,
    title: "stays pending when the running write of the previous outcome succeeds",
  },
  {
    right: "The background rests while a lasting refusal stands.",
    edits: [
      {
        file: `${core}/manager/background.ts`,
        from: "if (!this.#refreshes() || this.#dependencies.breaker.error !== undefined) return undefined;",
        to: "if (!this.#refreshes()) return undefined;",
      },
      {
        file: `${core}/manager/background.ts`,
        from: "if (this.#dependencies.breaker.error !== undefined) return this.#dependencies.breaker.nextTryMs;",
        to: "",
      },
    ],
    test: `${core}/scenarios/platform-refusal.test.ts`,
  },
  {
    right: "The background leaves a fleet alone that backs off.",
    edits: [
      {
        file: `${core}/manager/retry-pause.ts`,
        from: "return atMs + Math.max(Math.min(ownMs, leaseMs, endsInMs), jitter * backOffMs);",
        to: "return atMs + Math.max(Math.min(ownMs, leaseMs), 0 * backOffMs);",
      },
    ],
    test: `${core}/scenarios/background-restraint.test.ts`,
    title: "starts no refresh while the fleet backs off, for",
  },
  {
    right: "A young credential is not replaced at once.",
    edits: [
      {
        file: `${core}/manager/elected-starts.ts`,
        from: "storeClock.monotonicAt(Math.max(startMs, youngUntilMs));",
        to: "storeClock.monotonicAt(Math.max(startMs, 0 * youngUntilMs));",
      },
    ],
    test: `${core}/scenarios/background-restraint.test.ts`,
    title: "does not replace a credential in its first half",
  },
  {
    right: "What was replaced before this process held anything is remembered as replaced.",
    edits: [
      {
        file: `${core}/fleet/local-copy.ts`,
        from: "if (goneBefore !== undefined && goneBefore !== stored.fingerprint) this.#replaced = withNewest(this.#replaced, goneBefore);",
        to: "void goneBefore;",
      },
    ],
    test: `${core}/scenarios/rolled-back-store.test.ts`,
    title: "to a credential that was replaced in the same minute",
  },
  {
    right: "A repair keeps the danger of requests that may still be processed.",
    edits: [
      {
        file: `${core}/state/repair.ts`,
        from: "inFlightUntilMs: Math.max(stored.inFlightUntilMs, known.inFlightUntilMs),",
        to: "inFlightUntilMs: stored.inFlightUntilMs,",
      },
    ],
    test: `${core}/state/repair-merge.test.ts`,
    title: "keeps the later time until which a request of either",
  },
  {
    right: "A repair keeps what the governor has counted.",
    edits: [
      {
        file: `${core}/state/repair.ts`,
        from: "governor: later(stored.governor, known.governor),",
        to: "",
      },
    ],
    test: `${core}/state/repair-merge.test.ts`,
    title: "keeps the later count of rejections that returned",
  },
  {
    right: "A change feed that is closed schedules nothing for what it is still told.",
    edits: [
      {
        file: `${core}/fleet/change-feed.ts`,
        from: "if (this.#isClosed || this.#isPaused || this.#cancel !== undefined) return;",
        to: "if (this.#isPaused || this.#cancel !== undefined) return;",
      },
    ],
    test: `${core}/fleet/change-feed-closed.test.ts`,
    title: "that is closed sets no timer for messages that still arrive",
  },
  {
    right: "A change feed that hears no more does not repeat a reading that failed.",
    edits: [
      {
        file: `${core}/fleet/change-feed.ts`,
        from: "if (!this.isSubscribed || this.#isClosed) return;",
        to: "",
      },
    ],
    test: `${core}/fleet/change-feed-closed.test.ts`,
    title: "sets no timer for a read that fails",
  },
  {
    right: "A caller whom no refresh serves is told so after a limit of turns.",
    edits: [
      {
        file: `${core}/manager/single-flight.ts`,
        from: "if (turns === turnsMax) {",
        to: "if (turns === 1e9 * turnsMax) {",
      },
    ],
    test: `${core}/manager/single-flight.test.ts`,
    title: "is rejected after eight refreshes",
  },
  {
    right: "A node that closes does not wait for another node's request.",
    edits: [
      {
        file: `${core}/manager/manager.ts`,
        from: "this.#assembly.source.feed.wake();",
        to: "",
      },
    ],
    test: `${core}/scenarios/closing.test.ts`,
    title: "leaves no subscription of a caller",
  },
];
