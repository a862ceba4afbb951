import { describe, expect, test } from "vitest";
import { readFlatXml } from "./flat-xml.ts";

describe("a pushed document", () => {
  test("is read as its texts, sealed in CDATA or not, with white space between them", () => {
    const text =
      "<xml>\n<AppId><![CDATA[wx1]]></AppId>\r\n  <CreateTime>1413192605</CreateTime><Empty></Empty><Ticket>\n ticket@@@a \n</Ticket></xml>\n";
    expect([...(readFlatXml(text) ?? [])]).toEqual([
      ["AppId", "wx1"],
      ["CreateTime", "1413192605"],
      ["Empty", ""],
      ["Ticket", "ticket@@@a"],
    ]);
  });

  test("keeps what CDATA holds as it is, markup included", () => {
    expect(readFlatXml("<xml><a><![CDATA[<b>&amp;]] </b>]]></a></xml>")?.get("a")).toBe("<b>&amp;]] </b>");
  });

  test.each([
    ["", "nothing"],
    ["{}", "JSON"],
    ["<xml></xml", "an end that is cut off"],
    ["<html><a>1</a></html>", "another root"],
    ['<?xml version="1.0"?><xml><a>1</a></xml>', "a declaration"],
    ['<!DOCTYPE xml [<!ENTITY a "aaaa">]><xml><a>&a;</a></xml>', "a document type with entities"],
    ['<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><a>&a;</a></xml>', "an external entity"],
    ["<xml><a>&lt;</a></xml>", "an entity"],
    ["<xml><a>&#65;</a></xml>", "a character reference"],
    ["<xml><!-- x --><a>1</a></xml>", "a comment"],
    ['<xml><a b="c">1</a></xml>', "an attribute"],
    ["<xml><a><b>1</b></a></xml>", "a child of a child"],
    ["<xml><a>1</b></xml>", "crossed ends"],
    ["<xml><a>1</a><a>2</a></xml>", "a name twice"],
    ["<xml><a>1</a></xml><xml><b>2</b></xml>", "a second document"],
    ["<xml>text<a>1</a></xml>", "text between"],
    [`<xml><${"a".repeat(65)}>1</${"a".repeat(65)}></xml>`, "a name longer than any"],
  ])("is refused whole when it is %j: %s", (text) => {
    expect(readFlatXml(text)).toBeUndefined();
  });

  test("is read in a time that grows with its length, whatever it holds", () => {
    const hostile = `<xml>${"<a>".repeat(20_000)}${"<![CDATA[".repeat(5_000)}${"]]".repeat(20_000)}`;
    expect(readFlatXml(hostile)).toBeUndefined();
    expect(readFlatXml(`<xml>${" ".repeat(60_000)}`)).toBeUndefined();
  });
});
