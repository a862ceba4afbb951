/** The languages of the page. Only the one in use is loaded. */
import type { Dictionary } from "./dictionary.ts";

export const languages = ["en", "zh"] as const;
export type Language = (typeof languages)[number];

/** Each in its own language. */
export const languageNames: Readonly<Record<Language, string>> = { en: "English", zh: "简体中文" };

export async function loadDictionary(language: Language): Promise<Dictionary> {
  const loaded = language === "zh" ? await import("./zh.ts") : await import("./en.ts");
  return loaded.dictionary;
}
