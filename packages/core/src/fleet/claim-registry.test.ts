import { describe, expect, it } from "vitest";
import { UnreadableEntryError } from "../errors.ts";
import {
  conflictWith,
  decodeRegistry,
  encodeRegistry,
  endsAtMs,
  isEarlier,
  mayHold,
  releasedMax,
  samePath,
  staleAfterMs,
  unreadableClaims,
  withoutClaim,
  type Claim,
  type Release,
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
  it("is valid for two days after its renewal, or up to a year and a day if it says so", () => {
    expect(endsAtMs(claim)).toBe(renewedMs + 2 * dayMs);
    expect(endsAtMs({ ...claim, untilMs: renewedMs + dayMs })).toBe(renewedMs + 2 * dayMs);
    expect(endsAtMs({ ...claim, untilMs: renewedMs + 90 * dayMs })).toBe(renewedMs + 90 * dayMs);
    expect(endsAtMs({ ...claim, untilMs: renewedMs + 9_999 * dayMs })).toBe(
      renewedMs + 366 * dayMs,
    );
  });

  it("has the same order for every node", () => {
    const later = { ...claim, sinceMs: claim.sinceMs + 1, path: ["0"] };
    expect([isEarlier(claim, later), isEarlier(later, claim), isEarlier(claim, claim)]).toEqual([
      true,
      false,
      false,
    ]);
    const twin = { ...claim, path: ["a", "c"] };
    expect([isEarlier(claim, twin), isEarlier(twin, claim)]).toEqual([true, false]);
  });

  it("belongs to the environment with exactly its path", () => {
    expect([samePath([], []), samePath(["a", "b"], ["a", "b"])]).toEqual([true, true]);
    for (const other of [[], ["a"], ["a", "c"], ["b", "a"], ["a", "b", "c"]])
      expect(samePath(["a", "b"], other)).toBe(false);
  });

  it("that this release cannot read may be valid within two days of its renewal", () => {
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

describe("the releases in the registry", () => {
  const release = (path: string, atMs = 1): Release => ({ path: [path], atMs });
  const registry = { claims: [claim], unreadable: [{ later: "release" }] };

  it("are read as they were written", () => {
    const released = [release("a"), { path: [], atMs: 2.5 }];
    const text = encodeRegistry({ ...registry, released });
    expect(decodeRegistry(text, "id")).toEqual({ ...registry, released });
    expect(JSON.parse(encodeRegistry({ ...registry, released: [] }))).not.toHaveProperty(
      "released",
    );
    expect(decodeRegistry(encodeRegistry(registry), "id")).not.toHaveProperty("released");
  });

  it.each<[string, unknown, readonly unknown[] | undefined]>([
    ["no list", { path: ["a"], atMs: 1 }, undefined],
    ["nothing", null, undefined],
    ["other values among them", [null, 7, "a", release("a"), []], [release("a")]],
    ["no path", [{ atMs: 1 }, { path: "a", atMs: 1 }, { path: [7], atMs: 1 }], []],
    ["no instant", [{ path: ["a"] }, { path: ["a"], atMs: "1" }], []],
  ])("count only where they can be read: %s", (_, released, read) => {
    const text = JSON.stringify({ claims: [], released });
    expect(decodeRegistry(text, "id").released).toEqual(read);
  });

  it("are kept with the newest one of each environment at the end, sixteen at most", () => {
    const { path } = claim;
    const after = (released: readonly Release[]) =>
      withoutClaim({ ...registry, released }, path, 5);
    expect(withoutClaim(registry, path, 5)).toEqual({
      claims: [],
      unreadable: registry.unreadable,
      released: [{ path, atMs: 5 }],
    });
    expect(after([{ path, atMs: 1 }, release("b")])?.released).toEqual([
      release("b"),
      { path, atMs: 5 },
    ]);
    const many = Array.from({ length: releasedMax }, (_, index) => release(`e${index}`));
    expect(after(many)?.released).toEqual([...many.slice(1), { path, atMs: 5 }]);
    expect(withoutClaim(registry, ["other"], 5)).toBeUndefined();
  });
});

describe("the error for an environment that must not fetch", () => {
  it("names the earlier claim and every remedy", () => {
    const { claimedBy, message } = conflictWith(claim, "wx1", "staging");
    expect(claimedBy).toBe("production");
    expect(message).toBe(
      '"wx1" belongs to the environment "production" (claimed by node n1). A fetch by "staging" would kill its token, so nothing was fetched. ' +
        'Use an AppID of its own for "staging", set onConflict to "consume" to use the token of "production", or use the stable token. ' +
        'If "production" is gone, call releaseClaim(), or wait until its claim lapses.',
    );
  });
});
