import { describe, expect, test } from "vitest";
import { readDocument, writeXml } from "./push-document.ts";

const fieldsOf = (text: string): Record<string, string> =>
  Object.fromEntries(readDocument(text)?.fields ?? []);

describe("a pushed document", () => {
  test("is read as the official page of suite_ticket shows it, with a space before CDATA", () => {
    // developer.work.weixin.qq.com/document/path/90628, updated 2024-01-09.
    const text = `<xml>
<SuiteId><![CDATA[ww4asffe99e54c0fxxxx]]></SuiteId>
<InfoType> <![CDATA[suite_ticket]]></InfoType>
<TimeStamp>1403610513</TimeStamp>
<SuiteTicket><![CDATA[asdfasfdasdfasdf]]></SuiteTicket>
</xml>`;
    expect(fieldsOf(text)).toEqual({
      SuiteId: "ww4asffe99e54c0fxxxx",
      InfoType: "suite_ticket",
      TimeStamp: "1403610513",
      SuiteTicket: "asdfasfdasdfasdf",
    });
  });

  test("is read at its top level and with nested elements, as notify_third_fasteregister has them", () => {
    const text =
      "<xml><AppId>wx1</AppId><InfoType><![CDATA[notify_third_fasteregister]]></InfoType><status>0</status>" +
      "<info><name><![CDATA[企业]]></name><code_type>1</code_type></info></xml>";
    expect(fieldsOf(text)).toEqual({
      AppId: "wx1",
      InfoType: "notify_third_fasteregister",
      status: "0",
    });
    expect(readDocument(text)?.content["info"]).toEqual({ name: "企业", code_type: "1" });
  });

  test.each([
    [
      "a declaration, a comment and attributes",
      '<?xml version="1.0"?><!-- a --><xml a="b"><Name c="d">x</Name></xml>',
      { Name: "x" },
    ],
    [
      "the five entities and references to characters",
      "<xml><Name>&lt;&amp;&gt;&quot;&apos;&#x4ee4;</Name></xml>",
      { Name: `<&>"'令` },
    ],
    ["an empty element, in both forms", "<xml><A/><B></B></xml>", { A: "", B: "" }],
    [
      "the blanks that a person sent",
      "<xml><Content>\n<![CDATA[ hi ]]>\n</Content></xml>",
      { Content: " hi " },
    ],
    [
      "what looks like markup in CDATA",
      "<xml><Content><![CDATA[<!DOCTYPE html>&a;]]></Content></xml>",
      { Content: "<!DOCTYPE html>&a;" },
    ],
    [
      "names of the language's own",
      "<xml><__proto__>a</__proto__><constructor>b</constructor></xml>",
      { constructor: "b" },
    ],
    ["another root", "<root><A>a</A></root>", { A: "a" }],
  ])("is read with %s", (_title, text, fields) => {
    expect(readDocument(text)?.fields).toEqual(
      new Map(
        Object.entries(fields).concat(text.includes("__proto__") ? [["__proto__", "a"]] : []),
      ),
    );
  });

  test("yields a name that occurs twice as a list, and does not choose", () => {
    const document = readDocument(
      "<xml><InfoType>authorized</InfoType><InfoType>unauthorized</InfoType></xml>",
    );
    expect(document?.fields.size).toBe(0);
    expect(document?.content["InfoType"]).toEqual(["authorized", "unauthorized"]);
  });

  test("is read from JSON, and keeps ids that are too large for a number", () => {
    const text =
      '{"MsgId":6306264631030309910,"CreateTime":1714037059,"Event":"debug_demo","debug":{"a":[1]},"ok":true}';
    expect(fieldsOf(text)).toEqual({
      MsgId: "6306264631030309910",
      CreateTime: "1714037059",
      Event: "debug_demo",
      ok: "true",
    });
    expect(readDocument(text)?.content["debug"]).toEqual({ a: [1] });
  });

  test.each([
    ["nothing", ""],
    ["a text", "success"],
    ["an element that is not closed", "<xml><A>a</xml>"],
    ["another element's end", "<xml><idname>a</wxidname></xml>"],
    ["two roots", "<xml><A>a</A></xml><xml></xml>"],
    ["no elements", "<xml>a</xml>"],
    ["an entity of its own", "<xml><A>&lol;</A></xml>"],
    ["a document type", '<!DOCTYPE xml [<!ENTITY lol "lol">]><xml><A>&lol;</A></xml>'],
    ["an external document type", '<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml><A>a</A></xml>'],
    ["a control character", "<xml><A>\u0001</A></xml>"],
    ["a depth that no push has", `<xml>${"<a>".repeat(40)}${"</a>".repeat(40)}</xml>`],
    ["half an object", '{"a":'],
  ])("is not read if it is %s", (_title, text) => {
    expect(readDocument(text)).toBeUndefined();
  });
});

describe("an answer in XML", () => {
  test("is parsed back to the value that was written", () => {
    const content = {
      ToUserName: "a]]>b",
      CreateTime: 5,
      ArticleCount: 1,
      Articles: { item: [{ Title: "令" }, { Title: "2" }] },
    };
    const text = writeXml(content);
    expect(text).toContain("<CreateTime>5</CreateTime>");
    expect(readDocument(text)?.content).toEqual({ ...content, CreateTime: "5", ArticleCount: "1" });
  });

  test.each([[{ "a b": 1 }], [{ "": 1 }], [{ a: [[1]] }]])(
    "refuses %j, which has no form in XML",
    (content) => {
      expect(() => writeXml(content)).toThrow(TypeError);
    },
  );
});
