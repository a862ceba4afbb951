import { createHash } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { derivedKey, keyring } from "./keyring.ts";
import type { SealingKey } from "./keyring.ts";
import { sealed } from "./sealed.ts";

const bytes = Buffer.from(
  "8f1d0c6be27a4935a0b1c2d3e4f50617283940a1b2c3d4e5f60718293a4b5cfe",
  "hex",
);
const other = createHash("sha256").update("another key").digest();

const refusal = (active: unknown, readable: readonly SealingKey[] = []): unknown => {
  try {
    // @ts-expect-error: a caller in JavaScript may pass this
    return keyring({ active, readable });
  } catch (error) {
    return error;
  }
};

describe("a keyring", () => {
  test("accepts a key as bytes and in each of its text forms", () => {
    const spellings = [
      bytes,
      new Uint8Array(bytes),
      bytes.toString("hex"),
      bytes.toString("hex").toUpperCase(),
      bytes.toString("base64"),
      bytes.toString("base64").replace("=", ""),
      bytes.toString("base64url"),
    ];
    const derived = spellings.map((key) =>
      Buffer.from(derivedKey(keyring({ active: { id: "a", key } }), "a") ?? []).toString("hex"),
    );
    expect(new Set(derived).size).toBe(1);
    expect(derived[0]).toHaveLength(64);
  });

  test("seals with a key derived for sealing only, never with the given one", () => {
    expect(
      Buffer.from(derivedKey(keyring({ active: { id: "a", key: bytes } }), "a") ?? []),
    ).not.toEqual(bytes);
  });

  test("is not changed if the caller overwrites its bytes afterwards", () => {
    const key = Buffer.from(bytes);
    const ring = keyring({ active: { id: "a", key } });
    const before = Buffer.from(derivedKey(ring, "a") ?? []);
    key.fill(0);
    expect(derivedKey(ring, "a")).toEqual(new Uint8Array(before));
  });

  test("names the ids that it reads, the active one first", () => {
    const ring = keyring({
      active: { id: "2026-06", key: other },
      readable: [{ id: "2026-05", key: other }],
    });
    expect(ring.activeId).toBe("2026-06");
    expect(ring.readableIds).toEqual(["2026-06", "2026-05"]);
    expect(derivedKey(ring, "2026-04")).toBeUndefined();
  });

  test("shows no key when it is printed", () => {
    const ring = keyring({ active: { id: "a", key: bytes } });
    const derived = Buffer.from(derivedKey(ring, "a") ?? []);
    const printed =
      inspect(ring, { depth: 10, showHidden: true }) + JSON.stringify(ring) + String(ring);
    for (const secret of [bytes, derived]) {
      for (const encoding of ["hex", "base64", "base64url"] as const)
        expect(printed).not.toContain(secret.toString(encoding).slice(0, 8));
    }
  });
});

describe("an invalid key is refused without being quoted", () => {
  const text = bytes.toString("base64");
  test.each([
    ["with a newline from a mounted file", `${text}\n`],
    ["with a space in front", ` ${text}`],
    ["cut short", text.slice(0, 40)],
    ["of 16 bytes", other.subarray(16).toString("base64")],
    ["of 33 bytes", Buffer.concat([bytes, bytes.subarray(0, 1)])],
    ["with a character outside the alphabet", `${text.slice(0, 20)}!${text.slice(21)}`],
    ["with bits that no encoder sets", `${text.slice(0, 42)}${text[42] === "5" ? "6" : "5"}=`],
    ["of 63 hexadecimal digits", bytes.toString("hex").slice(1)],
    ["that is empty", ""],
    ["that is a placeholder", "A".repeat(43)],
    ["that is all zeros", Buffer.alloc(32)],
    ["that is missing", undefined],
    ["that is a number", 7],
  ])("%s is refused", (_case, key) => {
    const error = refusal({ id: "main", key });
    expect(error).toMatchObject({
      code: "CONFIGURATION",
      message: expect.stringContaining('The sealing key "main"'),
    });
    const quotable = typeof key === "string" ? key.trim().slice(0, 8) : bytes.toString("hex");
    expect(inspect(error, { depth: 10, showHidden: true }).includes(quotable)).toBe(
      quotable === "",
    );
  });

  test.each(["", "a b", "a.b", "x".repeat(33), undefined])("is refused under the id %j", (id) => {
    expect(refusal({ id, key: bytes })).toMatchObject({
      code: "CONFIGURATION",
      message: expect.stringContaining("id must be"),
    });
  });

  test("is refused under an id that is used twice", () => {
    expect(refusal({ id: "a", key: bytes }, [{ id: "a", key: other }])).toMatchObject({
      message: expect.stringContaining('"a"'),
    });
  });
});

test.each([undefined, null, "key", 5, [], { activeId: "a", readableIds: ["a"] }])(
  "sealing with %j in place of a keyring is refused, with the way to make one",
  (ring) => {
    const cache = { get() {}, set() {}, withPrefix() {} };
    // A caller in JavaScript may pass these.
    expect(() => sealed(cache as never, ring as never)).toThrow("Make it with keyring({ active })");
  },
);
