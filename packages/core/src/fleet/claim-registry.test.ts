import { describe, expect, it } from "vitest";
import { UnreadableEntryError } from "../errors.ts";
import {
  decodeRegistry,
  encodeRegistry,
  endsAtMs,
  isEarlier,
  mayHold,
  samePath,
  staleAfterMs,
  unreadableClaims,
  type Claim,
} from "./claim-registry.ts";

const dayMs = 86_400_000;
const renewedMs = 1_000 * dayMs;
const claim: Claim = {
  environment: "production",
  path: ["a", "b"],
  node: "n1",
  sinceMs: renewedMs - dayMs,
  renewedMs,
};

describe("a claim", () => {
  it("holds for two days after its renewal, or longer if it says so, up to a year and a day", () => {
    expect(endsAtMs(claim)).toBe(renewedMs + 2 * dayMs);
    expect(endsAtMs({ ...claim, untilMs: renewedMs + dayMs })).toBe(renewedMs + 2 * dayMs);
    expect(endsAtMs({ ...claim, untilMs: renewedMs + 90 * dayMs })).toBe(renewedMs + 90 * dayMs);
    expect(endsAtMs({ ...claim, untilMs: renewedMs + 9_999 * dayMs })).toBe(
      renewedMs + 366 * dayMs,
    );
  });

  it("comes before every later one, and two of the same instant have the same order for every node", () => {
    const later = { ...claim, sinceMs: claim.sinceMs + 1, path: ["0"] };
    expect([isEarlier(claim, later), isEarlier(later, claim), isEarlier(claim, claim)]).toEqual([
      true,
      false,
      false,
    ]);
    const twin = { ...claim, path: ["a", "c"] };
    expect([isEarlier(claim, twin), isEarlier(twin, claim)]).toEqual([true, false]);
  });

  it("belongs to the environment whose whole path it names", () => {
    expect([samePath([], []), samePath(["a", "b"], ["a", "b"])]).toEqual([true, true]);
    for (const other of [[], ["a"], ["a", "c"], ["b", "a"], ["a", "b", "c"]])
      expect(samePath(["a", "b"], other)).toBe(false);
  });

  it("that this release cannot read may hold while its renewal is less than two days away, before or after", () => {
    const nowMs = renewedMs;
    const stored = (at: unknown): boolean => mayHold({ renewedMs: at }, nowMs);
    expect([stored(nowMs), stored(nowMs - staleAfterMs + 1), stored(nowMs - staleAfterMs)]).toEqual(
      [true, true, false],
    );
    expect([
      stored(nowMs + staleAfterMs),
      stored(nowMs + staleAfterMs + 1),
      stored(String(nowMs)),
    ]).toEqual([true, false, false]);
    for (const other of [undefined, null, "text", 7, {}, []])
      expect(mayHold(other, nowMs)).toBe(false);
  });
});

describe("the registry of claims", () => {
  it("is read as it was written, with the entries that this release cannot read", () => {
    const unreadable = [{ later: "release" }];
    const text = encodeRegistry({ claims: [claim], unreadable });
    expect(JSON.parse(text)).toEqual({ v: 1, claims: [claim, ...unreadable] });
    expect(decodeRegistry(text, "id")).toEqual({ claims: [claim], unreadable });
  });

  it.each(["", "{", "7", "null", '"claims"', "[]", "{}", '{"claims":{}}', '{"claims":null}'])(
    "is invalid with the text %j",
    (text) => {
      expect(() => decodeRegistry(text, "id")).toThrow(UnreadableEntryError);
    },
  );

  it("that is invalid gives an error with its place and the remedy", () => {
    const { message, reason } = unreadableClaims("id");
    expect(reason).toBe("format");
    expect(message).toMatch(/^The claims on "id" at lingpai:claims cannot be read/);
    expect(message).toMatch(
      /upgrade this node\. Otherwise find out what writes to that place; what nobody renews expires after four days\.$/,
    );
  });

  it("accepts claims with fields that a later release adds", () => {
    const label = "A-z_0.9".padEnd(64, "x");
    const taken = [
      claim,
      { ...claim, environment: label, node: label },
      { ...claim, path: [] },
      { ...claim, untilMs: 5 },
      { ...claim, later: true },
    ];
    expect(decodeRegistry(JSON.stringify({ claims: taken }), "id")).toEqual({
      claims: taken,
      unreadable: [],
    });
  });

  it.each<[string, unknown]>([
    ["nothing", null],
    ["a text", "production"],
    ["a number", 7],
    ["no environment", { ...claim, environment: undefined }],
    ["an empty environment", { ...claim, environment: "" }],
    ["a long environment", { ...claim, environment: "x".repeat(65) }],
    ["a space in its environment", { ...claim, environment: "a b" }],
    ["a line end behind its environment", { ...claim, environment: "a\nb" }],
    ["a number for a node", { ...claim, node: 7 }],
    ["a node of other letters", { ...claim, node: "ü" }],
    ["no path", { ...claim, path: undefined }],
    ["a text for a path", { ...claim, path: "a" }],
    ["a number in its path", { ...claim, path: ["a", 7] }],
    ["no beginning", { ...claim, sinceMs: undefined }],
    ["a text for a beginning", { ...claim, sinceMs: "5" }],
    ["no renewal", { ...claim, renewedMs: null }],
    ["a text for an end", { ...claim, untilMs: "5" }],
    ["nothing for an end", { ...claim, untilMs: null }],
  ])("keeps a claim apart that has %s", (_, entry) => {
    const read = decodeRegistry(JSON.stringify({ claims: [entry, claim] }), "id");
    expect(read.claims).toEqual([claim]);
    expect(read.unreadable).toHaveLength(1);
  });
});
