/**
 * Nodes of several releases change one document. Fields that an older one does not know must
 * survive all its changes.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeState, encodeState } from "./codec.ts";
import type { StateEvent } from "./reduce.ts";
import {
  abandon,
  stateWith,
  commit,
  decide,
  storedCredential,
  intent,
  noonMs,
  today,
} from "./state.fixture.ts";
import type { State } from "./state.ts";

/** The property tests see a document as text whose fields have no types. */
interface Json {
  readonly [name: string]: unknown;
}

/** Fields that this release does not know. Their names begin with this. */
function unknownFieldsOf(prefix: string): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  return fc.dictionary(
    fc.string({ minLength: 1 }).map((name) => `${prefix}${name}`),
    // Normalised as in text: -0 becomes 0.
    fc.json().map((text) => JSON.parse(JSON.stringify(JSON.parse(text))) as unknown),
    { minKeys: 1, maxKeys: 3 },
  );
}
const mark = fc.record({
  fingerprint: fc.constantFrom("T0", "T1", "R1"),
  atMs: fc.integer({ min: noonMs - 50_000, max: noonMs }),
});
const instant = fc.oneof(
  fc.constant(0),
  fc.integer({ min: noonMs - 100_000, max: noonMs + 20_000 }),
);
const reason = fc.oneof(fc.constantFrom("advisory", "rejected", "manual"), fc.string());
const dayOfQuota = fc.constantFrom(today - 1, today);

/** A document as nodes write them, with or without every optional field. */
const document = fc
  .record(
    {
      inFlightUntilMs: instant,
      backOffUntilMs: instant,
      failures: fc.nat(5),
      quota: fc.record({
        day: dayOfQuota,
        used: fc.nat(120),
        forced: fc.record({ used: fc.nat(25), lastAtMs: instant }),
      }),
      governor: fc.record({ count: fc.nat(5), lastMs: instant }),
      contention: fc.record({ count: fc.nat(5), sinceMs: instant, lastMs: instant }),
      budgets: fc.record({ refusals: instant, manual: instant }),
      fallback: fc.record({ sinceMs: instant }),
      credential: fc
        .record({
          name: fc.constantFrom("T0", "T1"),
          reason,
          epoch: fc.integer({ min: 1, max: 20 }),
        })
        .map(({ name, reason: why, epoch }) =>
          storedCredential(name, {
            epoch,
            nextInput: "R1",
            by: { node: "n1", environment: "test", reason: why },
          }),
        ),
      previous: fc.record({ fingerprint: fc.constantFrom("T0", "T1") }),
      intent: fc.record({
        epoch: fc.integer({ min: 1, max: 20 }),
        operationId: fc.constantFrom("op", "other"),
        atMs: instant,
      }),
      doubtSinceMs: instant,
      suspect: mark,
      failure: fc.record({ code: fc.string(), atMs: instant }),
      consumedInput: mark,
    },
    { requiredKeys: [] },
  )
  .map((fields) => ({ ...stateWith(), ...fields }) as State);

/** The same document with unknown fields at every level. */
const laterDocument = laterDocumentWith("later ");

function laterDocumentWith(prefix: string): fc.Arbitrary<State> {
  return document.chain((state) => enriched(state, prefix) as fc.Arbitrary<State>);
}

function enriched(value: object, prefix: string): fc.Arbitrary<object> {
  const levels = Object.entries(value).filter(
    (entry): entry is [string, object] => typeof entry[1] === "object" && entry[1] !== null,
  );
  const inner = fc.record(
    Object.fromEntries(levels.map(([name, object]) => [name, enriched(object, prefix)])),
  );
  return fc
    .tuple(unknownFieldsOf(prefix), inner)
    .map(([fields, objects]) => ({ ...value, ...objects, ...fields }));
}

const event: fc.Arbitrary<StateEvent> = fc.oneof(
  fc
    .record({
      reason: fc.constantFrom(
        "cold",
        "advisory",
        "expired",
        "rejected",
        "reconcile",
        "manual" as const,
      ),
      forced: fc.boolean(),
    })
    .map(({ reason: why, forced }) =>
      intent({ reason: why, forced, input: "R1", ...(why === "rejected" && { refused: "T1" }) }),
    ),
  fc.constantFrom(intent({ recovered: "R2", input: "R2" })),
  fc
    .record({
      epoch: fc.integer({ min: 1, max: 20 }),
      fingerprint: fc.constantFrom("T0", "T1", "T2"),
      why: fc.constantFrom("advisory", "rejected"),
    })
    .map(({ epoch, fingerprint, why }) =>
      commit({ epoch }, { fingerprint, by: { node: "n2", environment: "test", reason: why } }),
    ),
  fc
    .record({
      outcome: fc.constantFrom("refused", "unsent", "unknown", "yielded" as const),
      quotaGone: fc.boolean(),
    })
    .map(abandon),
  fc
    .record({
      fingerprint: fc.constantFrom("T0", "T1"),
      found: fc.constantFrom("dead", "refused", "alive" as const),
    })
    .map((report) => ({ type: "suspect", ...report }) as const),
  // Unique names: of a field with two values, a repair keeps that of the newer count.
  laterDocumentWith("later known ").map(
    (known) =>
      ({
        type: "repair",
        outcomeId: "repaired",
        known: { ...known, credential: storedCredential("T9", { generation: 7 }) },
      }) as const,
  ),
  fc.constant({ type: "reset", outcomeId: "reset" } as const),
  fc.constant({
    type: "seed",
    operationId: "seed",
    outcomeId: "seeded",
    issued: commit().issued,
  } as const),
  fc.constant({ type: "ledger", used: 7, remaining: 80 } as const),
);

const containers = [[], ["quota"], ["quota", "forced"], ["governor"], ["contention"], ["budgets"]];
/** The objects that come and go, and the fields that identify each. */
const things: readonly (readonly [path: readonly string[], identity: readonly string[]])[] = [
  [["credential"], ["commitId"]],
  [["previous"], ["fingerprint"]],
  [["intent"], ["operationId"]],
  [["suspect"], ["fingerprint", "atMs"]],
  [["failure"], ["code", "atMs"]],
  [["consumedInput"], ["fingerprint", "atMs"]],
];

function at(state: object, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (object, name) => object?.[name] as Json | undefined,
    state as Json,
  );
}

function unknownOf(object: Json | undefined): Json {
  return Object.fromEntries(
    Object.entries(object ?? {}).filter(([name]) => name.startsWith("later ")),
  );
}

function expectKept(before: State, after: State): void {
  for (const path of containers) {
    const was = at(before, path);
    if (was !== undefined) expect(at(after, path), path.join(".")).toMatchObject(unknownOf(was));
  }
  for (const [path, identity] of things) {
    const [was, is] = [at(before, path), at(after, path)];
    if (
      was === undefined ||
      is === undefined ||
      !identity.every((field) => was[field] === is[field])
    )
      continue;
    if (path[0] === "previous" && before.credential?.commitId !== after.credential?.commitId)
      continue;
    expect(unknownOf(is), path.join(".")).toEqual(unknownOf(was));
    if (path[0] === "credential") expect(is["by"]).toEqual(was["by"]);
  }
}

describe("a document of a later release of the same schema", () => {
  it("is read and written with all fields that this release does not know, at every level", () => {
    fc.assert(
      fc.property(
        laterDocument,
        (state) => void expect(decodeState(encodeState(state), "k")).toEqual(state),
      ),
    );
  });

  it("keeps unknown fields through every event, as long as the object lasts to which they belong", () => {
    const reached = new Set<string>();
    const rules = fc.record({ supersedes: fc.boolean(), rotates: fc.boolean() });
    fc.assert(
      fc.property(
        laterDocument,
        fc.array(event, { minLength: 1, maxLength: 6 }),
        fc.nat(100_000_000),
        rules,
        (first, events, ms, changes) => {
          let state = first;
          for (const [index, next] of events.entries()) {
            const decided = decide(
              state,
              next,
              Math.floor((ms * (index + 1)) / events.length),
              changes,
            );
            if (decided.state === undefined) continue;
            reached.add(next.type);
            expectKept(state, decided.state);
            state = decodeState(encodeState(decided.state), "k");
            expect(state).toEqual(decided.state);
          }
        },
      ),
      { numRuns: 300 },
    );
    expect([...reached].toSorted()).toEqual([
      "abandon",
      "commit",
      "intent",
      "ledger",
      "repair",
      "reset",
      "seed",
      "suspect",
    ]);
  });

  it("gets back unknown fields if a node that has seen them repairs an empty store", () => {
    const known = {
      ...stateWith({ credential: storedCredential("T1", { generation: 4 }) }),
      "later top": [1],
      governor: { count: 1, lastMs: 5, "later in": true },
    };
    const { state } = decide(undefined, { type: "repair", outcomeId: "repaired", known });
    expect(state).toMatchObject({
      "later top": [1],
      governor: { "later in": true },
      credential: { fingerprint: "T1" },
    });
  });
});
