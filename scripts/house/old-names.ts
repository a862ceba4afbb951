/**
 * The words that files, types and functions no longer bear, and the word of the field for each. A
 * word is looked for in names, not in prose.
 */
import { basename, dirname } from "node:path";
import type { SourceFile } from "../workspace.ts";
import { declarationsIn, wordsOf } from "./declarations.ts";

export interface OldWord {
  /** One or several words, in lower case, with a space between two. */
  readonly old: readonly string[];
  readonly now: string;
  /** The paths in which the old sense occurred; elsewhere the word has another sense. */
  readonly within?: RegExp;
  /** The names that keep the word, and why. */
  readonly except?: readonly { readonly name: RegExp; readonly why: string }[];
}

const core = /^packages\/core\//;
const apps = /^apps\//;

export const oldWords: readonly OldWord[] = [
  { old: ["journey", "travel", "travels"], now: "refresh", within: core },
  {
    old: ["means", "parts", "setting"],
    now: "dependencies, node, context",
    within: /^(?:packages\/core|apps)\//,
  },
  {
    old: ["flight", "flights"],
    now: "attempt",
    except: [
      { name: /single-?flight/i, why: "single flight is the field's word" },
      { name: /in-?flight/i, why: "in flight is the field's word" },
    ],
  },
  { old: ["leadership"], now: "lease context" },
  {
    old: ["announce", "announced"],
    now: "write intent",
    within: /^(?:packages\/core|apps\/(?:e2e|simulation))\//,
  },
  { old: ["approach", "force", "aim"], now: "attempt plan, resolved goal", within: core },
  { old: ["recorder"], now: "outcome writer" },
  { old: ["latch"], now: "circuit breaker" },
  { old: ["news"], now: "change feed, push" },
  { old: ["deafen", "deaf"], now: "unsubscribe, stale" },
  { old: ["mute"], now: "pause" },
  {
    old: ["told"],
    now: "has push, reported",
    within: /^(?:packages\/(?:core|conformance)|apps)\//,
  },
  {
    old: ["holding", "held"],
    now: "cached, stored credential",
    within: core,
    except: [
      { name: /held-?lease/i, why: "a lease that is held" },
      { name: /^#?(?:is)?held(?:In)?$/i, why: "a lock or a claim that is held" },
    ],
  },
  { old: ["obstacle", "explained", "says"], now: "block reason, to caller error", within: core },
  { old: ["stand by", "standby"], now: "wait for change" },
  { old: ["upkeep"], now: "background refresh" },
  { old: ["carry"], now: "input", within: core },
  { old: ["cool"], now: "back-off" },
  { old: ["danger"], now: "in flight until" },
  {
    old: ["spent"],
    now: "consumed input",
    within: /^(?:packages\/core|apps)\//,
    except: [{ name: /^(?:is)?spent(?:UntilMs)?$/i, why: "a quota that is spent" }],
  },
  { old: ["floor epoch"], now: "min epoch" },
  { old: ["weather"], now: "fault rates" },
  { old: ["calm"], now: "no faults" },
  { old: ["misfortune", "misfortunes", "strike", "struck"], now: "fault injector, inject" },
  { old: ["stage", "circumstances"], now: "cluster, safety exceptions" },
  { old: ["befell", "befall", "hindered", "barred"], now: "affected, delayed, refused" },
  { old: ["chronicle", "story", "telling", "tellings"], now: "trace, counterexample" },
  { old: ["agenda", "happening", "appointment"], now: "event queue, event" },
  { old: ["traffic", "crew"], now: "workload, worker pool" },
  { old: ["tally"], now: "metrics", within: apps },
  { old: ["canon", "surroundings"], now: "canonical form, environment" },
  { old: ["awareness", "knowledge"], now: "quiescence, local view" },
  { old: ["passage", "campaign"], now: "request delivery, repetition", within: apps },
  { old: ["neighbour", "neighbours"], now: "interop, bystanders" },
  { old: ["lend", "lent", "shelf"], now: "patch, raw store" },
  { old: ["address"], now: "target", within: /^packages\/interop\// },
  { old: ["question", "ask"], now: "token request", within: /^packages\/wechat\/src\// },
  { old: ["outgoing", "disguise"], now: "replayable request, hide token" },
  { old: ["sniff", "deadly"], now: "peek refusal, dead-token actions" },
  { old: ["quota desk", "spoil"], now: "quota API, corrupt answer" },
  { old: ["exchange"], now: "delivery", within: /^packages\/(?:core|wechat-simulator)\// },
  { old: ["demands"], now: "requirements, e2e" },
  {
    old: ["redis scripts", "redis fixture"],
    now: "redis, test-redis",
    except: [{ name: /^NodeRedisScripts$/, why: "the scripts of the client node-redis" }],
  },
  { old: ["war"], now: "contention" },
  { old: ["arena", "canary"], now: "fleet, secret leaks" },
];

/** Returns each name in its old sense as `PATH: NAME (OLD → NOW)`; a folder counts once. */
export function oldNamesIn(
  files: readonly SourceFile[],
  words: readonly OldWord[] = oldWords,
): readonly string[] {
  const problems = files.flatMap(({ path, text }) => {
    const folders = dirname(path)
      .split("/")
      .map((name, index, all) => [all.slice(0, index + 1).join("/"), name] as const);
    const file = basename(path).replace(/(?:\.[a-z]+)*\.ts$/, "");
    const names = [file, ...declarationsIn(text)].map((name) => [path, name] as const);
    return [...folders, ...names].flatMap(([place, name]) => problemsOf(place, name, words));
  });
  return [...new Set(problems)];
}

function problemsOf(place: string, name: string, words: readonly OldWord[]): readonly string[] {
  const phrase = ` ${wordsOf(name).join(" ")} `;
  return words.flatMap(({ old, now, within, except = [] }) => {
    const found = old.find((word) => phrase.includes(` ${word} `));
    if (found === undefined || within?.test(`${place}/`) === false) return [];
    if (except.some((exception) => exception.name.test(name))) return [];
    return [`${place}: ${name} (${found} → ${now})`];
  });
}
