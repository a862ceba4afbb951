/** What counts as a use of a credential: without one, nothing is done in the background. */
import type { Regression } from "../regression.ts";

const core = "packages/core/src";

export const yearsUses: readonly Regression[] = [
  {
    right: "Lives of a second do not burn the day's quota with no caller.",
    edits: [
      {
        file: `${core}/refresh/demand.ts`,
        from: "return this.#isStanding() || this.#isUsedHere() || this.isMarked(markedAtMs);",
        to: "return this.#lifetimeMs() >= 0 || this.isMarked(markedAtMs);",
      },
    ],
    test: `${core}/scenarios/demand.test.ts`,
    title: "does not use up the quota when credentials live one second",
  },
  {
    right: "A credential that was used once is not refreshed for ever.",
    edits: [
      {
        file: `${core}/refresh/demand.ts`,
        from: "return this.#isStanding() || this.#isUsedHere() || this.isMarked(markedAtMs);",
        to: "return this.#lifetimeMs() >= 0 || this.isMarked(markedAtMs);",
      },
    ],
    test: `${core}/scenarios/demand.test.ts`,
    title: "lets a credential that was used once expire, with",
  },
  {
    right: "A caller that is served from memory is a use.",
    edits: [
      {
        file: `${core}/refresh/demand.ts`,
        from: "if (local.uses !== this.#uses) {",
        to: "if (local.uses < 0) {",
      },
    ],
    test: `${core}/scenarios/demand.test.ts`,
    title: "keeps a credential fresh that is used from memory",
  },
  {
    right: "A child is a use.",
    edits: [
      {
        file: `${core}/manager/assembly.ts`,
        from: "this.demand.use();",
        to: "",
      },
      {
        file: `${core}/refresh/demand.ts`,
        from: "if (local.uses !== this.#uses) {",
        to: "if (local.uses < 0) {",
      },
    ],
    test: `${core}/scenarios/demand.test.ts`,
    title: "whose only user is its child",
  },
  {
    right: "A mirror is a use.",
    edits: [
      {
        file: `${core}/refresh/demand.ts`,
        from: "return this.#isStanding() || this.#isUsedHere() || this.isMarked(markedAtMs);",
        to: "return this.#keepAlive || this.isMarked(markedAtMs);",
      },
    ],
    test: "packages/interop/src/mirror/mirror.test.ts",
    title: "keeps a live token in the key",
  },
  {
    right: "A watcher is a use.",
    edits: [
      {
        file: `${core}/refresh/demand.ts`,
        from: "return this.#isStanding() || this.#isUsedHere() || this.isMarked(markedAtMs);",
        to: "return this.#keepAlive || this.#isUsedHere() || this.isMarked(markedAtMs);",
      },
    ],
    test: `${core}/scenarios/demand.test.ts`,
    title: "keeps a credential fresh that is used from memory",
  },
  {
    right: "`keepAlive: true` keeps a credential fresh that nobody uses.",
    edits: [
      {
        file: `${core}/refresh/demand.ts`,
        from: "return this.#isStanding() || this.#isUsedHere() || this.isMarked(markedAtMs);",
        to: "return this.#node.context.bus.keepsFresh || this.#isUsedHere() || this.isMarked(markedAtMs);",
      },
    ],
    test: `${core}/scenarios/demand.test.ts`,
    title: "keeps a credential fresh that is used from memory",
  },
  {
    right: "A consumer elsewhere is a use: it leaves a mark in the store.",
    edits: [
      {
        file: `${core}/refresh/demand.ts`,
        from: `await source.document.apply({ type: "use", everyMs, ...(agoMs > 0 && { agoMs }) });`,
        to: "void [everyMs, agoMs];",
      },
    ],
    test: `${core}/scenarios/demand.test.ts`,
    title: "continues to refresh for a consumer on another node",
  },
  {
    right: "A consumer's mark is written once a lifetime at most, never per call.",
    edits: [
      {
        file: `${core}/refresh/demand.ts`,
        from: "this.#markAgainAtMs = nowMs + everyMs;",
        to: "",
      },
      {
        file: `${core}/state/use.ts`,
        from: "if (state.usedAtMs !== undefined && nowMs - state.usedAtMs < everyMs)",
        to: "if (state.usedAtMs !== undefined && nowMs - state.usedAtMs < Math.min(1, everyMs))",
      },
    ],
    test: `${core}/scenarios/demand.test.ts`,
    title: "continues to refresh for a consumer on another node",
  },
  {
    right: "A listener on a consumer is a use, which the owners hear of.",
    edits: [
      {
        file: `${core}/refresh/demand.ts`,
        from: "!(this.#isStanding() || this.#isUsedHere())",
        to: "!(this.#keepAlive || this.#isUsedHere())",
      },
    ],
    test: `${core}/scenarios/demand.test.ts`,
    title: "for a listener on a consumer",
  },
  {
    right: "What nobody uses is not read more often than what is used.",
    edits: [
      {
        file: `${core}/manager/background.ts`,
        from: "cached === undefined || !this.#isWanted",
        to: "cached === undefined",
      },
    ],
    test: `${core}/scenarios/demand.test.ts`,
    title: "reads an expired credential that nobody uses",
  },
  {
    right: "A token server's own log is no use.",
    edits: [
      {
        file: "packages/server/src/events/credential-events.ts",
        from: "credential.watch(listener, { keepsFresh: false })",
        to: "credential.watch(listener)",
      },
    ],
    test: "packages/server/src/events/events.test.ts",
    title: "does not keep a credential fresh that no caller needs",
  },
  {
    right: "A remote client without uses is no use: it stops polling.",
    edits: [
      {
        file: "packages/client/src/remote-credential.ts",
        from: "while (!signal.aborted && this.#demand.isWanted()) {",
        to: "while (!signal.aborted) {",
      },
    ],
    test: "packages/client/src/remote.test.ts",
    title: "a credential that nobody uses is not polled",
  },
];
