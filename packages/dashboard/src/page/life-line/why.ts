/** Describes an event: what happened, why, and the remedy. */
import type { EventType } from "@lingpai/core";
import type { LoggedEvent } from "../api.ts";
import type { Dictionary, EventWords, Prose } from "../i18n/dictionary.ts";
import { duration } from "../words.ts";

export interface Told {
  readonly title: string;
  readonly text: string;
  readonly remedy: string | undefined;
}

const runbooks: Readonly<Record<string, string>> = {
  en: "https://github.com/lingpai/lingpai/blob/main/docs/recovery.md",
  "zh-CN": "https://github.com/lingpai/lingpai/blob/main/docs/recovery.zh-CN.md",
};

export function runbookOf({ locale }: Dictionary): string {
  return runbooks[locale] ?? runbooks["en"]!;
}

export function toldOf({ event }: LoggedEvent, dictionary: Dictionary): Told {
  const prose = (dictionary.events as Readonly<Record<string, Prose>>)[event.type as EventType];
  // An event of a later release is shown in its own words.
  if (prose === undefined) return { title: event.type, text: "", remedy: undefined };
  const text = prose.why(wordsOf(event, dictionary)).trim();
  return { title: prose.title, text, remedy: prose.remedy };
}

function wordsOf(event: LoggedEvent["event"], dictionary: Dictionary): EventWords {
  const text = (...names: readonly string[]): string => {
    const found = names.map((name) => event[name]).find((value) => value !== undefined);
    return found === undefined ? "–" : String(found);
  };
  const time = (...names: readonly string[]): string => {
    const found = names.map((name) => event[name]).find((value) => typeof value === "number");
    return typeof found === "number" ? duration(Math.abs(found), dictionary) : "–";
  };
  const named = (names: Readonly<Record<string, string>>, name: string): string =>
    names[name] ?? name;
  const { count, perDay, used, uses } = event;
  return {
    node: text("node"),
    environment: text("environment"),
    fingerprint: text("fingerprint").slice(0, 8),
    generation: text("generation"),
    reason: named(dictionary.reasons, text("reason")),
    cause: named(dictionary.causes, text("cause", "reason", "field")),
    code: text("platformCode", "errorCode"),
    message: event["message"] === undefined ? "" : String(event["message"]),
    other:
      event.type === "contended"
        ? String(event["claimedBy"] ?? dictionary.conflicts.nobody)
        : text("byNode", "claimedBy", "issuer"),
    duration: time("durationMs", "lagMs", "jumpMs", "confirmMs"),
    age: time("ageMs", "doubtMs", "downMs", "heldMs"),
    rest: time("remainingMs"),
    count:
      typeof used === "number" && typeof perDay === "number"
        ? dictionary.ofTotal(used, perDay)
        : dictionary.times(Number(count ?? uses ?? 1)),
  };
}
