import { eventSeverity } from "@lingpai/core";
import { expect, test } from "vitest";
import type { Dictionary } from "../i18n/dictionary.ts";
import { dictionary as en } from "../i18n/en.ts";
import { dictionary as zh } from "../i18n/zh.ts";
import { eventOf } from "../row.fixture.ts";
import { marksOf } from "./model.ts";
import { runbookOf, toldOf } from "./why.ts";

const types = Object.keys(eventSeverity);
const fields = {
  generation: 9,
  fingerprint: "ab12cd34ef",
  reason: "rejected",
  cause: "overlap",
  platformCode: "40001",
  message: "invalid credential.",
  durationMs: 300,
  remainingMs: 3_600_000,
  ageMs: 600_000,
  downMs: 5_000,
  doubtMs: 5_000,
  heldMs: 5_000,
  byNode: "server-b",
  claimedBy: "staging",
  issuer: "wechat:stable",
  count: 3,
};

test.each([
  ["English", en],
  ["Chinese", zh],
] as [string, Dictionary][])("every event has complete prose in %s", (_, dictionary) => {
  for (const type of types) {
    const { text, title } = toldOf(eventOf(type, 0, fields), dictionary);
    expect([type, title]).not.toEqual([type, type]);
    expect(text).not.toMatch(/undefined|NaN|null|\[object|–/);
    const bare = toldOf(eventOf(type, 0), dictionary);
    expect(bare.text).not.toMatch(/undefined|NaN|null|\[object/);
  }
});

test("an event that needs a person has a remedy, in both languages", () => {
  const bad = marksOf(types.map((type) => eventOf(type, 0))).filter(({ tone }) => tone === "bad");
  expect(bad.length).toBeGreaterThan(5);
  for (const { logged } of bad)
    for (const dictionary of [en, zh]) expect(toldOf(logged, dictionary).remedy).toMatch(/\S/);
});

test("a refresh by others is described with its evidence", () => {
  const logged = eventOf("contended", 0, fields);
  expect(toldOf(logged, en).text.replaceAll("\u00a0", " ")).toBe(
    "Token ab12cd34 was 10 min old and had 1 h left when the platform refused it. No node of this fleet had replaced it. Also claimed by: staging.",
  );
  expect(toldOf(logged, zh).text).toContain("staging");
  const alone = toldOf(eventOf("contended", 0, { fingerprint: "ab12cd34" }), en);
  expect(alone.text).toContain("Also claimed by: nobody in this store.");
});

test("an event of a later release is shown by its name", () => {
  expect(toldOf(eventOf("teleported", 0), en)).toMatchObject({ title: "teleported" });
});

test("the link to the runbook is in the reader's language", () => {
  expect(runbookOf(en)).toMatch(/recovery\.md$/);
  expect(runbookOf(zh)).toMatch(/recovery\.zh-CN\.md$/);
});
