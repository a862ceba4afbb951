import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseFields } from "./platform-answer.ts";
import { createApi } from "../calls/api.ts";
import { fakeCredential, tokenOf } from "../calls/fake-credential.fixture.ts";
import { escaped, parseJson } from "./lenient-json.ts";
import { scriptedFetch } from "./scripted-fetch.fixture.ts";

const raw = (text: string): Response =>
  new Response(text, { headers: { "content-type": "application/json" } });

describe("JSON with raw control characters in its strings", () => {
  test.each([
    ['{"nickname":"a\u0007b\u0000c"}', { nickname: "a\u0007b\u0000c" }],
    ['{\n\t"a": "line\nend\r\ttab",\r\n"b": 1}', { a: "line\nend\r\ttab", b: 1 }],
    ['{"a":"quote \\" and \u0001 and \\\\"}', { a: 'quote " and \u0001 and \\' }],
    ['{"k\u0002ey":["\u001f"]}', { "k\u0002ey": ["\u001f"] }],
  ])("is read: %j", (text, value) => {
    expect(parseJson(text)).toEqual(value);
    expect(Object.fromEntries(parseFields(text))).toEqual(value);
  });

  test("is read exactly as it was written, whatever the strings contain", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })),
        (value) => {
          const text = JSON.stringify(value).replace(/\\u00([01][0-9a-f])/g, (_all, code: string) =>
            String.fromCharCode(parseInt(code, 16)),
          );
          if (!/\\\\/.test(text)) expect(parseJson(text)).toEqual(value);
          expect(escaped(JSON.stringify(value))).toBe(JSON.stringify(value));
        },
      ),
      { seed: 7 },
    );
  });

  test.each(['{"a":"b', '{"a":1,}', '{"a":"\\\u0001"}', "\u0007", ""])(
    "is refused if it is invalid for another reason: %j",
    (text) => {
      expect(() => parseJson(text)).toThrow(SyntaxError);
    },
  );

  test("is refused if it has a key twice", () => {
    expect(() => parseFields('{"a":"\u0001","a":"\u0002"}')).toThrow(/same key twice/);
  });
});

describe("a call whose answer contains raw control characters", () => {
  test("returns the answer", async () => {
    const api = createApi(fakeCredential(), {
      fetch: scriptedFetch(raw('{"errcode":0,"nickname":"a\u0007b"}')),
    });
    await expect(api.request("/cgi-bin/user/info")).resolves.toEqual({
      errcode: 0,
      nickname: "a\u0007b",
    });
  });

  test("is sent again if the answer refuses the token", async () => {
    const fetch = scriptedFetch(raw('{"errcode":40001,"errmsg":"invalid \u0007 credential"}'), {
      errcode: 0,
    });
    const credential = fakeCredential();
    await expect(createApi(credential, { fetch }).request("/cgi-bin/user/info")).resolves.toEqual({
      errcode: 0,
    });
    expect(credential.calls).toEqual(["get", `reject ${tokenOf(1)} 40001`]);
  });

  test("reports its refusal on one line", async () => {
    const api = createApi(fakeCredential(), {
      fetch: scriptedFetch(raw('{"errcode":48001,"errmsg":"no\r\n\u0007way"}')),
    });
    await expect(api.request("/a")).rejects.toMatchObject({ errcode: 48001, errmsg: "no way" });
  });
});
