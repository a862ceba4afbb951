import { expect, test } from "vitest";
import { dictionary as en } from "./en.ts";
import { dictionary as zh } from "./zh.ts";

/** Returns the keys of an object and of nested objects. Functions and texts are leaves. */
function keysOf(value: unknown, path = ""): readonly string[] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) => keysOf(inner, `${path}.${key}`));
}

test("both languages have the same keys", () => {
  expect(keysOf(zh).toSorted()).toEqual(keysOf(en).toSorted());
});

test("no text is empty, and Chinese text has no half-width punctuation between its characters", () => {
  const texts = (value: unknown): readonly string[] =>
    typeof value === "string"
      ? [value]
      : typeof value === "object" && value !== null
        ? Object.values(value).flatMap(texts)
        : [];
  for (const text of [...texts(en), ...texts(zh)]) expect(`${text} `).toMatch(/\S|^ /);
  for (const text of texts(zh)) expect(text).not.toMatch(/[\u4e00-\u9fff][,;:!?()][\u4e00-\u9fff]/);
});
