/** What the document must bear over years: releases, keys, clocks and settings that change. */
import type { Regression } from "../regression.ts";

const core = "packages/core/src";

export const yearsDocument: readonly Regression[] = [
  {
    right: "An older node carries unknown fields of the same schema through, at every level.",
    edits: [
      {
        file: `${core}/state/reader.ts`,
        from: "return { ...Object.fromEntries(unknown), ...known };",
        to: "return unknown.length < 0 ? unknown[0] : known;",
      },
    ],
    test: `${core}/state/version-skew.test.ts`,
  },
  {
    right:
      "Two releases of one schema share a credential: the older one loses nothing of the later.",
    edits: [
      {
        file: `${core}/state/reader.ts`,
        from: "return { ...Object.fromEntries(unknown), ...known };",
        to: "return unknown.length < 0 ? unknown[0] : known;",
      },
    ],
    test: `${core}/scenarios/version-skew.test.ts`,
    title: "with one schema share a credential for a day, and",
  },
  {
    right: "A repair brings back what an emptied store lost of a later release.",
    edits: [
      {
        file: `${core}/state/repair.ts`,
        from: "{ ...unknownFields(known), ...stored },",
        to: "stored,",
      },
    ],
    test: `${core}/state/version-skew.test.ts`,
    title: "gets back unknown fields if a node that has seen",
  },
  {
    right: "An unknown reason is kept as text.",
    edits: [
      {
        file: `${core}/state/codec.ts`,
        from: 'const by = from.object("by");',
        to: `const by = from.object("by");
          if (!["cold", "advisory", "mandatory", "expired", "rejected", "reconcile", "manual"].includes(by.text("reason")))
            throw by.unreadable("reason");`,
      },
    ],
    test: `${core}/state/version-skew.test.ts`,
    title: "at every level",
  },
  {
    right: "A newer schema says how to roll back, and not only that this node is to be upgraded.",
    edits: [
      {
        file: `${core}/state/codec.ts`,
        from: `"To roll back instead, stop every node of the other release, then rename the key and keep it: it may hold the only refresh token. This node then begins a document of its own.",`,
        to: `"",`,
      },
    ],
    test: `${core}/state/codec.test.ts`,
    title: "of a newer schema gives an error that says so and",
  },
  {
    right: "No error advises to delete a key whose value may be ours.",
    edits: [
      {
        file: `${core}/state/reader.ts`,
        from: "Rename the key and keep what it holds: if it was a document once, it may be the only copy of a refresh token.",
        to: "Or delete the key.",
      },
    ],
    test: `${core}/state/codec-advice.test.ts`,
    title: "a value that is not a document",
  },
  {
    right: "Sealing is switched on and off while nodes run: one phase reads both and writes plain.",
    edits: [
      {
        file: `${core}/sealing/sealed.ts`,
        from: `if (this.#sealing.plaintext === "write") return this.#cache.set(key, value, options);`,
        to: "",
      },
    ],
    test: `${core}/scenarios/sealing.test.ts`,
  },
  {
    right: "A value that looks sealed is called sealed.",
    edits: [
      { file: `${core}/state/codec.ts`, from: "if (isEnvelope(text)) {", to: "if (false) {" },
    ],
    test: `${core}/state/codec-advice.test.ts`,
    title: "that is sealed causes an error that says how to open it",
  },
  {
    right: "A document has no end while an input is stored: nothing else holds it.",
    edits: [
      {
        file: `${core}/fleet/document.ts`,
        from: "if (credential?.nextInput !== undefined) return undefined;",
        to: "",
      },
    ],
    test: `${core}/scenarios/document-lifetime.test.ts`,
    title: "never expires while it holds the next input, because",
  },
  {
    right: "A document outlives its credential by 30 days, also one of 90 days.",
    edits: [
      {
        file: `${core}/fleet/document.ts`,
        from: "return Math.max(0, (credential?.expiresAtMs ?? nowMs) - nowMs) + keptMs;",
        to: "return nowMs < 0 ? 0 : keptMs;",
      },
    ],
    test: `${core}/scenarios/document-lifetime.test.ts`,
    title: "outlives its credential by 30 days, even one",
  },
  {
    right: "A refresh answer without a new input keeps the old one.",
    edits: [
      {
        file: `${core}/leader/write-outcome.ts`,
        from: "const nextInput = input?.reveal() ?? attempt.snapshot.state.credential?.nextInput;",
        to: "void input; const nextInput = issued.nextInput?.reveal();",
      },
    ],
    test: `${core}/scenarios/document-lifetime.test.ts`,
    title: "keeps its input when an answer has no new one",
  },
  {
    right: "Secrets of up to 16 384 characters are kept.",
    edits: [
      {
        file: `${core}/leader/issuer-call.ts`,
        from: "const secretLengthMax = 16_384;",
        to: "const secretLengthMax = 2_048;",
      },
    ],
    test: `${core}/scenarios/secret-length.test.ts`,
    title: "characters is stored and handed out unchanged",
  },
  {
    right: "A longer secret is one clear final error after one fetch, and no waiting.",
    edits: [
      {
        file: `${core}/leader/issuer-call.ts`,
        from: `throw new IssueError(
    "fatal",
    \`The platform issued for`,
        to: `throw new IssueError(
    "unknown",
    \`The platform issued for`,
      },
    ],
    test: `${core}/scenarios/secret-length.test.ts`,
    title: "of more characters gives one final error after one fetch:",
  },
  {
    right: "The ledger goes on when the store's clock steps back over midnight.",
    edits: [
      {
        file: `${core}/state/quota.ts`,
        from: "if (day < left.day) {",
        to: "if (day === left.day) {",
      },
    ],
    test: `${core}/state/quota.test.ts`,
    title: "does not begin again if the store's clock steps back over midnight",
  },
  {
    right: "A store's clock that was ahead over midnight does not hide what the day had used.",
    edits: [
      {
        file: `${core}/state/quota.ts`,
        from: "today = isSince ? sum(left, known.used, known.forcedUsed) : left;",
        to: "today = isSince ? left : left;",
      },
    ],
    test: `${core}/scenarios/quota-midnight.test.ts`,
    title: "whose store's clock was two hours ahead",
  },
  {
    right: "A store's clock that steps back by more than a day does not clear the ledger.",
    edits: [
      {
        file: `${core}/state/quota.ts`,
        from: "if (day < left.day) {",
        to: "if (day === left.day - 1) {",
      },
    ],
    test: `${core}/state/quota.test.ts`,
    title: "was 2 days ahead",
  },
  {
    right: "Forced quota comes back from a request that never left.",
    edits: [
      {
        file: `${core}/state/quota.ts`,
        from: "const next = { ...quota, ...later, forced };",
        to: "const next = { ...quota, ...later };",
      },
    ],
    test: `${core}/state/quota.test.ts`,
  },
  {
    right: "A node with another drainMs is not called poisoned, and its drain is not cut.",
    edits: [
      {
        file: `${core}/state/sanitize.ts`,
        from: `limits.within("inFlightUntilMs", inFlightUntilMs, drainMaxMs, drainedMs)`,
        to: `limits.within("inFlightUntilMs", inFlightUntilMs, drainMs, drainedMs)`,
      },
    ],
    test: `${core}/scenarios/poisoned-document.test.ts`,
    title: "does not shorten the longer drain that another",
  },
  {
    right: "The stretched pause between readings keeps P3.",
    edits: [
      {
        file: `${core}/manager/background-schedule.ts`,
        from: "Math.min(pushStretch * recheckMs, overlapMs - longestCallMs - 10_000)",
        to: "Math.min(pushStretch * recheckMs, overlapMs + 0 * longestCallMs)",
      },
    ],
    test: `${core}/manager/background-schedule.test.ts`,
    title: "is longer by a quarter",
  },
  {
    right: "With waitMs 0 a caller does not wait, rather than without a bound.",
    edits: [
      {
        file: `${core}/manager/single-flight.ts`,
        from: "deadline: { clock: context.clock, ms: firstMs, moreMs, onLate },",
        to: "...(waitMs > 0 && { deadline: { clock: context.clock, ms: firstMs, moreMs, onLate } }),",
      },
    ],
    test: `${core}/scenarios/serving.test.ts`,
    title: "with waitMs: 0 no caller waits, and the refresh",
  },
];
