import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import {
  asSecret,
  answerBytesMax,
  tokenResponseIn,
  parseFields,
  readBody,
  refusalIn,
} from "./platform-answer.ts";
import type { Fields } from "./platform-answer.ts";

const secret = "0123456789abcdef0123456789abcdef";
const live = new AbortController().signal;
const fields = (value: object): Fields => parseFields(JSON.stringify(value));
const invalid = (message: RegExp): unknown =>
  expect.objectContaining({
    code: "PLATFORM_ANSWER_INVALID",
    message: expect.stringMatching(message),
  });

describe("an answer's text", () => {
  test.each<[string, string, RegExp]>([
    ["nothing", "", /is empty/],
    ["white space", " \n", /not JSON/],
    ["a page", "<!DOCTYPE html><html></html>", /a page/],
    ["JSON with something after it", '{"access_token":"a","expires_in":7200}x', /not JSON/],
    ["a truncated object", '{"access_token":"a","expi', /not JSON/],
    ["JSON5", "{access_token:'a',}", /not JSON/],
    ["a comment", '{"a":1 /* b */}', /not JSON/],
    ["an array", "[]", /not a JSON object/],
    ["null", "null", /not a JSON object/],
    ["text", '"access_token"', /not a JSON object/],
    ["a key twice", '{"access_token":"a","access_token":"b","expires_in":7200}', /same key twice/],
    ["a key twice, once escaped", '{"errcode":0,"\\u0065rrcode":40001}', /same key twice/],
    ["a key twice further in", '{"a":[{"b":{},"c":1,"b":2}]}', /same key twice/],
  ])("%s is invalid", (_title, text, message) => {
    expect(() => parseFields(text)).toThrow(invalid(message));
  });

  test("may have the same key in different objects, and braces and colons in text", () => {
    expect([
      ...parseFields('{"a":{"k":1},"b":[{"k":"{\\"k\\":2,"},{"k":"}"}],"k":": k"}').keys(),
    ]).toEqual(["a", "b", "k"]);
  });

  test("may name a field __proto__, which has no side effect", () => {
    const parsed = parseFields('{"__proto__":{"access_token":"stolen","expires_in":7200}}');
    expect([...parsed.keys()]).toEqual(["__proto__"]);
    expect(parsed.get("access_token")).toBeUndefined();
    expect(() => tokenResponseIn(parsed, "access_token")).toThrow(invalid(/no access_token/));
    expect(Object.hasOwn(Object.prototype, "access_token")).toBe(false);
  });

  test("is never quoted in the error", () => {
    expect(() => parseFields(`{"access_token":"${secret}"`)).not.toThrow(/0123/);
  });
});

test("a brace in a text hides no repeated key", () => {
  expect(() => parseFields('{"a":"}","a":1}')).toThrow(/same key twice/);
});

test("an HTML page is distinguished from other text, and an empty credential from an invalid one", () => {
  expect(() => parseFields("\n <html>")).toThrow(/it is a page/);
  expect(() => parseFields("nope")).toThrow(/it is not JSON/);
  expect(() => tokenResponseIn(new Map([["a", ""]]), "a")).toThrow(/it has no a/);
  const short = new Map<string, unknown>([
    ["a", "t"],
    ["expires_in", 60],
  ]);
  expect(tokenResponseIn(short, "a", 5_000).expiresInMs).toBe(60_000);
});

describe("a granted credential", () => {
  test.each<[string, unknown]>([
    ["is missing", undefined],
    ["is empty", ""],
    ["is null", null],
    ["is a number", 123],
    ["is an object", {}],
    ["has a space", "a b"],
    ["has a newline", "abc\n"],
    ["has a control character", "a\u0000b"],
    ["has an accent", "caf\u00e9"],
  ])("that %s is invalid", (_title, token) => {
    expect(() =>
      tokenResponseIn(fields({ access_token: token, expires_in: 7200 }), "access_token"),
    ).toThrow(invalid(/access_token/));
  });

  test("may have 16 384 characters, because core checks the length", () => {
    expect(
      tokenResponseIn(
        fields({ access_token: "a".repeat(16_384), expires_in: 1 }),
        "access_token",
      ).secret.reveal(),
    ).toHaveLength(16_384);
  });

  test.each<[unknown, number]>([
    [7200, 7_200_000],
    ["7200", 7_200_000],
    [7199.5, 7_199_000],
    [1, 1000],
    [31_536_000, 31_536_000_000],
  ])("with expires_in %j lives %d ms", (expiresIn, expiresInMs) => {
    expect(
      tokenResponseIn(fields({ access_token: "a", expires_in: expiresIn }), "access_token"),
    ).toEqual({
      secret: asSecret("a"),
      expiresInMs,
    });
  });

  test.each([
    0,
    -1,
    0.5,
    1e12,
    31_536_001,
    "NaN",
    "7200s",
    "0x10",
    "1e3",
    "-1",
    "",
    " 7200",
    "7199.5",
    null,
    true,
    [7200],
  ])("with expires_in %j is invalid", (expiresIn) => {
    expect(() =>
      tokenResponseIn(fields({ access_token: "a", expires_in: expiresIn }), "access_token"),
    ).toThrow(invalid(/expires_in/));
  });

  test("without expires_in is invalid, unless the platform documents a lifetime", () => {
    expect(() => tokenResponseIn(fields({ access_token: "a" }), "access_token")).toThrow(
      invalid(/expires_in/),
    );
    expect(
      tokenResponseIn(fields({ access_token: "a" }), "access_token", 7_200_000).expiresInMs,
    ).toBe(7_200_000);
  });
});

describe("a refusal", () => {
  test.each([
    "invalid appid rid: 65f307bc-1a5c7d64-18ff931f",
    "invalid appid, rid:65f307bc-1a5c7d64-18ff931f",
    "invalid appid ,  rid:  65f307bc-1a5c7d64-18ff931f \n",
  ])("is read with its text and its rid from %j", (errmsg) => {
    expect(refusalIn(fields({ errcode: 40013, errmsg }), [])).toEqual({
      errcode: 40013,
      errmsg: "invalid appid",
      rid: "65f307bc-1a5c7d64-18ff931f",
    });
  });

  test("has no rid if text follows it", () => {
    const errmsg = "the text rid: 65f307bc is not the end";
    expect(refusalIn(fields({ errcode: 40013, errmsg }), [])).toEqual({
      errcode: 40013,
      errmsg,
      rid: undefined,
    });
  });

  test.each<[unknown, number]>([
    ["40001", 40001],
    ["-1", -1],
    [-1, -1],
  ])("with errcode %j is read as %d", (errcode, expected) => {
    expect(refusalIn(fields({ errcode }), [])).toEqual({
      errcode: expected,
      errmsg: "",
      rid: undefined,
    });
  });

  test.each([0, "0", undefined])("is absent with errcode %j", (errcode) => {
    expect(refusalIn(fields({ errcode, errmsg: "ok" }), [])).toBeUndefined();
  });

  test.each(["abc", "", 1.5, null, {}, [5], true, "1e9"])(
    "with errcode %j is invalid",
    (errcode) => {
      expect(() => refusalIn(fields({ errcode }), [])).toThrow(invalid(/errcode/));
    },
  );

  test("shows neither the secret nor control characters, nor more than 200 characters", () => {
    const refusal = refusalIn(
      fields({
        errcode: 40125,
        errmsg: `secret ${secret.slice(3, 20)} \u001b[31m${"x".repeat(500)}`,
      }),
      [secret],
    );
    expect(refusal?.errmsg).toMatch(/^secret \[redacted\] {2}?\[31mx+$/);
    expect(refusal?.errmsg).toHaveLength(200);
  });

  test("with a text that is no string has no text", () => {
    expect(refusalIn(fields({ errcode: 1, errmsg: { toString: 1 } }), [])?.errmsg).toBe("");
  });
});

describe("a body", () => {
  test("is read without its byte order mark", async () => {
    await expect(readBody(new Response("\ufeff{}"), live)).resolves.toBe("{}");
  });

  test("that is missing reads as nothing", async () => {
    await expect(readBody(new Response(null), live)).resolves.toBe("");
  });

  test("that is not UTF-8 is invalid", async () => {
    await expect(readBody(new Response(new Uint8Array([0x7b, 0xff, 0x7d])), live)).rejects.toEqual(
      invalid(/UTF-8/),
    );
  });

  test("may have at most 64 KiB, and is not read further", async () => {
    await expect(readBody(new Response("a".repeat(answerBytesMax)), live)).resolves.toHaveLength(
      answerBytesMax,
    );
    const chunk = new Uint8Array(16 * 1024);
    let pulled = 0;
    const cancel = vi.fn<() => void>();
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => void (pulled++, controller.enqueue(chunk)),
      cancel,
    });
    await expect(readBody(new Response(endless), live)).rejects.toEqual(
      invalid(/longer than 65536 bytes/),
    );
    expect(pulled).toBeLessThanOrEqual(7);
    expect(cancel).toHaveBeenCalledOnce();
  });

  test("that arrives slowly ends with the signal, and its transfer with it", async () => {
    const deadline = new AbortController();
    const cancel = vi.fn<() => void>();
    const trickle = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array([0x7b])),
      cancel,
    });
    const read = readBody(new Response(trickle), deadline.signal);
    deadline.abort(new Error("deadline"));
    await expect(read).rejects.toThrow("deadline");
    expect(cancel).toHaveBeenCalledOnce();
  });
});

describe("any answer of the platform or of a proxy", () => {
  const canary = "CANARY-token_0123456789";
  const value = fc.oneof(
    fc.anything(),
    fc.constantFrom<unknown>(canary, 0, 7200, "7200", -1, 40001, "40001", "__proto__"),
  );
  const answer = fc.dictionary(
    fc.constantFrom(
      "access_token",
      "expires_in",
      "errcode",
      "errmsg",
      "__proto__",
      "constructor",
      "x",
    ),
    value,
  );
  const text = fc.oneof(
    fc.string().map((some) => `${some}${canary}`),
    fc.json(),
    answer.map((fields) => JSON.stringify(fields)),
    fc
      .tuple(answer, fc.nat(200))
      .map(([fields, length]) => JSON.stringify(fields).slice(0, length)),
  );

  test("is a refusal, a valid credential, or invalid, and an error quotes none of it", () => {
    fc.assert(
      fc.property(text, (given) => {
        try {
          const read = parseFields(given);
          const refusal = refusalIn(read, [canary]);
          expect(refusal?.errmsg ?? "").not.toContain(canary);
          expect(refusal?.errmsg ?? "").toMatch(/^[^\p{Cc}]{0,200}$/u);
          const grant = tokenResponseIn(read, "access_token");
          expect(grant.secret.reveal()).toMatch(/^[\x21-\x7e]+$/);
          expect(grant.expiresInMs).toBeGreaterThanOrEqual(1_000);
          expect(grant.expiresInMs).toBeLessThanOrEqual(31_536_000_000);
        } catch (error) {
          expect(error).toMatchObject({ code: "PLATFORM_ANSWER_INVALID" });
          expect(error).not.toHaveProperty("cause");
          expect(String(error)).not.toContain(canary);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
