import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UnreadableEntryError } from "../errors.ts";
import { decodeState, encodeState } from "./codec.ts";
import { sanitized } from "./sanitize.ts";
import { stateWith, storedCredential, noonMs, today } from "./state.fixture.ts";
import type { State } from "./state.ts";

const rich: State = stateWith({
  credential: storedCredential("T1", {
    nextInput: "R1",
    by: { node: "n1", environment: "production", reason: "cold", claimedMs: noonMs },
  }),
  previous: { fingerprint: "T0" },
  intent: { epoch: 11, operationId: "op", atMs: noonMs, budget: "refusals" },
  doubtSinceMs: noonMs,
  suspect: { fingerprint: "T1", atMs: noonMs, dead: true },
  budgets: { refusals: noonMs, manual: noonMs },
  fallback: { sinceMs: noonMs },
  failure: { code: "-1", atMs: noonMs, parent: { fingerprint: "P1", sinceMs: noonMs } },
  refusal: {
    code: "40125",
    node: "n1",
    atMs: noonMs,
    nextMs: noonMs + 60_000,
    count: 1,
    revision: "V1",
  },
  quota: {
    day: today,
    used: 3,
    forced: { used: 0, lastAtMs: 0 },
    gone: { day: today, used: 3, nextMs: noonMs },
    otherDay: { day: today - 1, used: 3, forcedUsed: 0 },
  },
  consumedInput: { fingerprint: "R1", atMs: noonMs },
  usedAtMs: noonMs,
});

const count = fc.maxSafeNat();
const mark = fc.record({ fingerprint: fc.string(), atMs: count });
const reason = fc.oneof(
  fc.constantFrom("cold", "advisory", "mandatory", "expired", "rejected", "reconcile", "manual"),
  fc.string(),
);
const credential = fc.record(
  {
    generation: count,
    epoch: count,
    commitId: fc.string(),
    secret: fc.string(),
    nextInput: fc.string(),
    fingerprint: fc.string(),
    sentAtMs: count,
    issuedAtMs: count,
    expiresAtMs: count,
    by: fc.record(
      { node: fc.string(), environment: fc.string(), reason, claimedMs: count },
      { requiredKeys: ["node", "environment", "reason"] },
    ),
  },
  {
    requiredKeys: [
      "generation",
      "epoch",
      "commitId",
      "secret",
      "fingerprint",
      "sentAtMs",
      "issuedAtMs",
      "expiresAtMs",
      "by",
    ],
  },
);
const required = [
  "v",
  "outcomeId",
  "inFlightUntilMs",
  "backOffUntilMs",
  "failures",
  "minEpoch",
  "quota",
  "governor",
  "contention",
] as const;
const document = fc.record(
  {
    v: fc.constant(1),
    outcomeId: fc.string(),
    inFlightUntilMs: count,
    backOffUntilMs: count,
    failures: count,
    minEpoch: count,
    quota: fc.record({
      day: count,
      used: count,
      forced: fc.record({ used: count, lastAtMs: count }),
    }),
    governor: fc.record({ count, lastMs: count }),
    contention: fc.record({ count, lastMs: count }),
    credential,
    previous: fc.record({ fingerprint: fc.string() }),
    fallback: fc.record({ sinceMs: count }),
    budgets: fc.record({ refusals: count, manual: count }),
    intent: fc.record(
      {
        epoch: count,
        operationId: fc.string(),
        atMs: count,
        budget: fc.constantFrom("refusals", "manual"),
      },
      { requiredKeys: ["epoch", "operationId", "atMs"] },
    ),
    doubtSinceMs: count,
    suspect: fc.record(
      { fingerprint: fc.string(), atMs: count, dead: fc.constant(true) },
      { requiredKeys: ["fingerprint", "atMs"] },
    ),
    failure: fc.record(
      {
        code: fc.string(),
        atMs: count,
        parent: fc.record({ fingerprint: fc.string(), sinceMs: count }),
      },
      { requiredKeys: ["code", "atMs"] },
    ),
    consumedInput: mark,
  },
  { requiredKeys: [...required] },
) as fc.Arbitrary<State>;

const optional = [
  ...["credential", "credential.nextInput", "credential.by.claimedMs"],
  ...[
    "previous",
    "intent",
    "intent.budget",
    "doubtSinceMs",
    "suspect",
    "suspect.dead",
    "failure",
    "failure.parent",
    "refusal",
    "refusal.revision",
    "quota.gone",
    "quota.otherDay",
    "consumedInput",
    "budgets",
    "fallback",
    "usedAtMs",
  ],
];

/** All fields of an object and of nested objects: `quota`, `quota.day`, … */
function fieldsOf(object: object): string[] {
  return Object.entries(object).flatMap(([name, value]: [string, unknown]) =>
    typeof value === "object" && value !== null
      ? [name, ...fieldsOf(value).map((field) => `${name}.${field}`)]
      : [name],
  );
}

/** The text of `rich` with another value of one field; undefined leaves it out. */
function richWith(field: string, value: unknown): string {
  const path = field.split(".");
  const last = path.pop()!;
  const changed: Record<string, unknown> = { ...structuredClone(rich) };
  const within = path.reduce((object, name) => object[name] as Record<string, unknown>, changed);
  within[last] = value;
  return JSON.stringify(changed);
}

describe("the document as text", () => {
  it("is read exactly as it was written, whatever fields it has", () => {
    fc.assert(
      fc.property(
        document,
        (state) => void expect(decodeState(encodeState(state), "k")).toEqual(state),
      ),
    );
    expect(decodeState(encodeState(rich), "k")).toEqual(rich);
  });

  it("keeps unknown fields, but writes none into a prototype", () => {
    const text = `{"__proto__":{"polluted":true},"extra":1,${encodeState(rich).slice(1)}`;
    const state = decodeState(text, "k");
    expect(state).toEqual({ ...rich, extra: 1 });
    expect(Object.hasOwn(state, "__proto__")).toBe(false);
    expect(Object.getPrototypeOf(state)).toBe(Object.prototype);
    expect("polluted" in state).toBe(false);
  });

  it("is either readable or unreadable, whatever was stored", () => {
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.anything().map((value) => JSON.stringify(value) ?? "undefined"),
    );
    fc.assert(
      fc.property(
        anything,
        (text) => void expect(() => decodeState(text, "k")).toThrow(UnreadableEntryError),
      ),
    );
  });

  it("is unreadable if one field is missing or of another type", () => {
    const strange = fc.constantFrom(null, -1, 1.5, "7200", 1e300, [], {}, true);
    fc.assert(
      fc.property(document, fc.constantFrom(...required), strange, (state, field, value) => {
        if (field === "outcomeId" && value === "7200") return;
        expect(() => decodeState(JSON.stringify({ ...state, [field]: value }), "k")).toThrow(
          UnreadableEntryError,
        );
        expect(() => decodeState(JSON.stringify({ ...state, [field]: undefined }), "k")).toThrow(
          UnreadableEntryError,
        );
      }),
    );
    const texts = fieldsOf(rich).filter((field) =>
      /Id$|secret|nextInput|[fF]ingerprint|code|node|environment|reason|revision|budget$/.test(
        field,
      ),
    );
    for (const field of fieldsOf(rich)) {
      for (const value of [undefined, null, -1, 1.5, "7200", 1e300, [], {}, true]) {
        const isRight =
          (value === undefined && optional.includes(field)) ||
          (value === "7200" && texts.includes(field)) ||
          (value === true && field === "suspect.dead");
        const read = (): unknown => decodeState(richWith(field, value), "k");
        if (isRight) expect(read, `${field}: ${String(value)}`).not.toThrow();
        else expect(read, `${field}: ${String(value)}`).toThrow(UnreadableEntryError);
      }
    }
  });

  const noText: unknown = 45_011;
  it.each([
    ["a fraction", { backOffUntilMs: 1.5 }],
    ["no number", { inFlightUntilMs: Number.NaN }],
    ["no end", { backOffUntilMs: Number.POSITIVE_INFINITY }],
    ["a negative instant", { doubtSinceMs: -1 }],
    ["what is no text", { failure: { code: noText as string, atMs: 1 } }],
  ])("is never written with %s, because no node could read it", (_title, wrong) => {
    expect(() => encodeState({ ...rich, ...wrong })).toThrow(
      expect.not.objectContaining({ code: expect.stringMatching(/UNREADABLE|UNAVAILABLE/) }),
    );
  });

  it.each(["1e999", "-1", "1.5", '"7200"', "null"])(
    "is unreadable with a lifetime that ends at %s",
    (value) => {
      const text = encodeState(rich).replace(/"expiresAtMs":\d+/, `"expiresAtMs":${value}`);
      expect(() => decodeState(text, "k")).toThrow(
        expect.objectContaining({ code: "UNREADABLE_ENTRY", reason: "format" }),
      );
    },
  );

  it("of a newer schema gives an error that says so and names the remedy", () => {
    const text = JSON.stringify({ ...rich, v: 2 });
    expect(() => decodeState(text, "k")).toThrow(
      expect.objectContaining({
        reason: "schema",
        message: expect.stringMatching(
          /Upgrade this node.*To roll back instead, stop.*rename the key and keep it/,
        ),
      }),
    );
  });

  it("is never quoted in the error if it cannot be read", () => {
    for (const text of [
      "secret-T1",
      `{"v":1,"outcomeId":"secret-T1"}`,
      encodeState(rich).slice(0, -1),
    ]) {
      try {
        decodeState(text, "k");
        expect.unreachable();
      } catch (error) {
        expect(String(error)).not.toContain("secret-T1");
        expect((error as Error).cause).toBeUndefined();
      }
    }
  });
});

describe("control fields with values that no correct node writes", () => {
  const day = 86_400_000;
  const seenMs = noonMs - 100_000;

  it("are ignored one by one, and named", () => {
    const poisoned = {
      ...rich,
      backOffUntilMs: noonMs + 660_001,
      inFlightUntilMs: noonMs + 660_001,
      minEpoch: noonMs + day + 1,
      governor: { count: 3, lastMs: noonMs + 60_001 },
      budgets: { refusals: noonMs + day / 5 + 60_001, manual: noonMs + day + 60_001 },
      quota: { day: today, used: 1, forced: { used: 1, lastAtMs: noonMs + 60_001 } },
      credential: storedCredential("T1", { epoch: noonMs + day + 1 }),
      intent: { epoch: noonMs + day + 1, operationId: "op", atMs: noonMs + 60_001 },
      doubtSinceMs: noonMs + 60_001,
      suspect: { fingerprint: "T1", atMs: noonMs + 60_001 },
      consumedInput: { fingerprint: "R1", atMs: noonMs + 60_001 },
      contention: { count: 1, lastMs: noonMs + 60_001 },
    };
    const { state, ignored } = sanitized(poisoned, noonMs, 15_000, seenMs);
    const fields = [
      "backOffUntilMs",
      "inFlightUntilMs",
      "minEpoch",
      "budgets.refusals",
      "budgets.manual",
      "governor.lastMs",
      "contention.lastMs",
      "quota.forced.lastAtMs",
      "credential.epoch",
      "intent.epoch",
      "intent.atMs",
      "doubtSinceMs",
      "suspect.atMs",
      "consumedInput.atMs",
    ];
    expect(ignored.map(({ field }) => field)).toEqual(fields);
    expect(state).toMatchObject({
      backOffUntilMs: 0,
      inFlightUntilMs: seenMs + 15_000,
      minEpoch: 0,
      governor: { count: 3, lastMs: seenMs },
    });
    expect(state.budgets).toEqual({ refusals: 0, manual: 0 });
    expect(state).toMatchObject({
      credential: { epoch: seenMs, fingerprint: "T1" },
      intent: { epoch: seenMs, atMs: seenMs, operationId: "op" },
      doubtSinceMs: seenMs,
      suspect: { fingerprint: "T1", atMs: seenMs },
      consumedInput: { fingerprint: "R1", atMs: seenMs },
      contention: { count: 1, lastMs: seenMs },
    });
  });

  it("count again from the start if they are counts that cannot be increased", () => {
    const count = Number.MAX_SAFE_INTEGER;
    const poisoned = stateWith({
      failures: count,
      governor: { count, lastMs: 0 },
      contention: { count, lastMs: 0 },
      credential: storedCredential("T1", { generation: count }),
    });
    const { state, ignored } = sanitized(poisoned, noonMs, 15_000, seenMs);
    expect(ignored.map(({ field }) => field)).toEqual([
      "failures",
      "governor.count",
      "contention.count",
      "credential.generation",
    ]);
    expect(state).toMatchObject({
      failures: 0,
      governor: { count: 0 },
      contention: { count: 0 },
      credential: { generation: 0 },
    });
  });

  it("are kept if they are exactly at their limits", () => {
    const honest = {
      ...rich,
      backOffUntilMs: noonMs + 660_000,
      inFlightUntilMs: noonMs + 660_000,
      minEpoch: noonMs + day,
    };
    expect(sanitized(honest, noonMs, 15_000, seenMs)).toEqual({ state: honest, ignored: [] });
    expect(sanitized(honest, noonMs, 15_000, seenMs).state).toBe(honest);
  });

  it("delay no node for longer than their limits, and a second sanitising changes nothing", () => {
    fc.assert(
      fc.property(document, (state) => {
        const { state: clean, ignored } = sanitized(state, noonMs, 15_000, seenMs);
        expect(clean.backOffUntilMs).toBeLessThanOrEqual(noonMs + 660_000);
        expect(clean.inFlightUntilMs).toBeLessThanOrEqual(noonMs + 660_000);
        expect(clean.governor.lastMs).toBeLessThanOrEqual(noonMs + 60_000);
        expect(sanitized(clean, noonMs, 15_000, seenMs)).toEqual({ state: clean, ignored: [] });
        expect(ignored.length === 0).toBe(clean === state);
      }),
    );
  });
});
