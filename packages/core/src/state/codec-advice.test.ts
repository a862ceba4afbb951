/** The text of errors about the document, and the limits of the newer control fields. */
import { describe, expect, it } from "vitest";
import { seal } from "../sealing/envelope.ts";
import { UnreadableEntryError } from "../errors.ts";
import { keyring } from "../sealing/keyring.ts";
import { decodeState, encodeState } from "./codec.ts";
import { sanitized } from "./sanitize.ts";
import { stateWith, noonMs, today } from "./state.fixture.ts";
import type { DayCount, State } from "./state.ts";

const hourMs = 3_600_000;
const toleranceMs = 60_000;

function errorOf(text: string): UnreadableEntryError {
  try {
    decodeState(text, "tokens");
  } catch (error) {
    if (error instanceof UnreadableEntryError) return error;
    throw error;
  }
  throw new Error("It was read.");
}

/** The text with another value of one top-level field. */
function withField(field: string, value: unknown): string {
  return JSON.stringify({ ...stateWith(), [field]: value });
}

describe("a value that is not a document", () => {
  it.each([
    ["no JSON at all", "{", "not JSON"],
    ["a text", '"T1"', "not an object"],
    ["a number", "7", "not an object"],
    ["nothing", "null", "not an object"],
    ["a list", "[]", "not an object"],
    [
      "a document with a field of another kind",
      withField("failures", "two"),
      '"failures" is missing or of a wrong kind',
    ],
    [
      "a document with nothing in a field's place",
      withField("quota", null),
      '"quota" is missing or of a wrong kind',
    ],
    [
      "a document with a text in an object's place",
      withField("quota", "all"),
      '"quota" is missing or of a wrong kind',
    ],
    [
      "a document without a field",
      withField("governor", undefined),
      '"governor" is missing or of a wrong kind',
    ],
  ])("gives an error with its key, the reason and the remedy: %s", (_, text, why) => {
    const error = errorOf(text);
    expect(error.reason).toBe("format");
    expect(error.message).toContain(`under "tokens" is not a credential document (${why})`);
    expect(error.message).toMatch(
      /Find out what else writes this key.*Rename the key and keep what it holds/,
    );
  });

  it("that is sealed causes an error that says how to open it", () => {
    const ring = keyring({ active: { id: "k1", key: Buffer.alloc(32, 7) } });
    const error = errorOf(seal(ring, { name: "tokens", version: "1" }, encodeState(stateWith())));
    expect(error.reason).toBe("key-id");
    expect(error.message).toMatch(
      /"tokens" is sealed.*Wrap its cache in sealed\(\).*plaintext: "read" and then "write"/,
    );
  });

  it("is never written, and the error names the invalid field", () => {
    const wrong = { ...stateWith(), failures: -1 };
    expect(() => encodeState(wrong)).toThrow(
      /was not written.*issuer or a lock gave a value of a wrong kind/,
    );
    expect(() => encodeState(wrong)).toThrow(
      expect.objectContaining({
        cause: expect.objectContaining({
          message: expect.stringMatching(/under "" is.*"failures"/),
        }),
      }),
    );
  });
});

describe("control fields with values that no correct node writes", () => {
  const refusal = { code: "40125", node: "n1", atMs: noonMs, nextMs: noonMs, count: 1 };
  const quota = { day: today, used: 3, forced: { used: 0, lastAtMs: 0 } };
  const gone = (nextMs: number): Partial<State> => ({
    quota: { ...quota, gone: { day: today, used: 3, nextMs } },
  });
  const otherDay = (given: Partial<DayCount>): Partial<State> => ({
    quota: { ...quota, otherDay: { day: today - 1, used: 3, forcedUsed: 0, ...given } },
  });

  it.each<[string, (ms: number) => Partial<State>, number, number]>([
    ["usedAtMs", (usedAtMs) => ({ usedAtMs }), noonMs + toleranceMs, 5],
    ["refusal.atMs", (atMs) => ({ refusal: { ...refusal, atMs } }), noonMs + toleranceMs, 5],
    [
      "refusal.nextMs",
      (nextMs) => ({ refusal: { ...refusal, nextMs } }),
      noonMs + toleranceMs + 510_000,
      0,
    ],
    ["quota.gone.nextMs", gone, noonMs + toleranceMs + hourMs, 0],
    ["quota.otherDay.used", (used) => otherDay({ used }), 2 ** 40, 0],
    ["quota.otherDay.forcedUsed", (forcedUsed) => otherDay({ forcedUsed }), 2 ** 40, 0],
    [
      "budgets.refusals",
      (refusals) => ({ budgets: { refusals, manual: 0 } }),
      noonMs + toleranceMs + 86_400_000 / 5,
      0,
    ],
    [
      "budgets.manual",
      (manual) => ({ budgets: { refusals: 0, manual } }),
      noonMs + toleranceMs + 86_400_000,
      0,
    ],
  ])("are ignored above their limit, and kept at it: %s", (field, document, limitMs, instead) => {
    const honest = stateWith(document(limitMs));
    expect(sanitized(honest, noonMs, 15_000, 5)).toEqual({ state: honest, ignored: [] });
    const planted = sanitized(stateWith(document(limitMs + 1)), noonMs, 15_000, 5);
    expect(planted).toEqual({
      state: stateWith(document(instead)),
      ignored: [{ field, valueMs: limitMs + 1, limitMs }],
    });
  });

  it("count again from the start if they are counts: refusals in a row", () => {
    const count = Number.MAX_SAFE_INTEGER;
    const { state, ignored } = sanitized(
      stateWith({ refusal: { ...refusal, count } }),
      noonMs,
      15_000,
      5,
    );
    expect([state.refusal?.count, ignored.map(({ field }) => field)]).toEqual([
      0,
      ["refusal.count"],
    ]);
  });

  it("are ignored without adding a missing field", () => {
    const cleaned = sanitized(
      stateWith({ failures: Number.MAX_SAFE_INTEGER }),
      noonMs,
      15_000,
      5,
    ).state;
    expect(cleaned).toEqual(stateWith({ failures: 0 }));
  });
});
