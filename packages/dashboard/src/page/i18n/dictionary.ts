/** The texts of every language. A missing key fails the type check, and so the build. */
import type { EventType } from "@lingpai/core";
import type { Severity } from "../severity.ts";

/** The fields of an event, already formatted. */
export interface EventWords {
  readonly node: string;
  readonly environment: string;
  readonly fingerprint: string;
  readonly generation: string;
  readonly reason: string;
  readonly cause: string;
  readonly code: string;
  readonly message: string;
  readonly other: string;
  readonly duration: string;
  readonly age: string;
  readonly rest: string;
  readonly count: string;
}

/** The text about one mark of the life line. */
export interface Prose {
  readonly title: string;
  readonly why: (words: EventWords) => string;
  /** The remedy. Absent if no action is needed. */
  readonly remedy?: string;
}

export interface Dictionary {
  /** The BCP 47 tag. */
  readonly locale: string;
  /** The separator of two sentences. */
  readonly sentenceGap: string;
  readonly units: Readonly<Record<"ms" | "s" | "min" | "h" | "d", string>>;
  readonly times: (count: number) => string;
  readonly ofTotal: (used: number, total: number) => string;
  readonly title: string;
  readonly skip: string;
  readonly nav: Readonly<
    Record<
      "label" | "credentials" | "conflicts" | "ledger" | "fleet" | "claims" | "audit" | "keys",
      string
    >
  >;
  readonly live: {
    readonly live: string;
    readonly reconnecting: string;
    readonly connecting: string;
    readonly old: (age: string) => string;
  };
  readonly theme: Readonly<Record<"label" | "auto" | "light" | "dark", string>>;
  readonly language: string;
  readonly signOut: string;
  readonly signedInAs: (name: string) => string;
  readonly signIn: Readonly<
    Record<"title" | "intro" | "key" | "submit" | "busy" | "help" | "ended" | "wrong", string>
  >;
  readonly problems: {
    readonly unreachable: string;
    readonly store: string;
    readonly noLog: string;
    readonly failed: (detail: string) => string;
    readonly retry: string;
  };
  readonly headline: {
    readonly none: string;
    readonly allLive: (count: number) => string;
    readonly someLive: (live: number, count: number) => string;
    /** `ref` is one of them. */
    readonly dead: (count: number, ref: string) => string;
    readonly conflicts: (count: number, ref: string, since: string) => string;
    readonly others: Readonly<
      Record<Exclude<Severity, "live" | "conflict" | "dead">, (count: number) => string>
    >;
  };
  readonly states: Readonly<Record<Severity, string>>;
  /** The meaning of a state, as a sentence. */
  readonly meanings: Readonly<Record<Severity, string>>;
  readonly list: {
    readonly label: string;
    readonly filter: string;
    readonly noMatch: string;
    readonly all: string;
    readonly columns: Readonly<
      Record<"name" | "state" | "life" | "origin" | "quota" | "nodes", string>
    >;
    readonly left: (left: string) => string;
    readonly renews: (time: string) => string;
    readonly renewsNow: string;
    readonly ended: string;
    readonly noToken: string;
    readonly generation: (generation: number) => string;
    readonly by: (node: string) => string;
    readonly noLimit: string;
    readonly nodes: (on: number, total: number) => string;
    /** What the last try to refresh it was answered. */
    readonly fails: (code: string) => string;
    readonly barLabel: (age: string, left: string, renews: string) => string;
  };
  /** The reasons of a fetch. Unknown reasons are shown as they are. */
  readonly reasons: Readonly<Record<string, string>>;
  /** The causes of events, by their names. Unknown causes are shown as they are. */
  readonly causes: Readonly<Record<string, string>>;
  readonly lifeLine: {
    readonly title: string;
    readonly span: string;
    readonly hours: (hours: number) => string;
    readonly lanes: Readonly<
      Record<"token" | "fetches" | "refusals" | "others" | "doubt" | "store", string>
    >;
    readonly now: string;
    readonly end: string;
    readonly help: string;
    readonly band: (generation: number, from: string, to: string) => string;
    readonly several: (count: number, title: string) => string;
    readonly mark: (title: string, time: string) => string;
    readonly choose: string;
    readonly remedy: string;
    readonly runbook: string;
    readonly twin: string;
    readonly empty: string;
    readonly columns: Readonly<Record<"time" | "event" | "node" | "why", string>>;
  };
  readonly events: Readonly<Record<EventType, Prose>>;
  readonly facts: Readonly<
    Record<
      | "title"
      | "state"
      | "generation"
      | "fingerprint"
      | "age"
      | "left"
      | "by"
      | "quota"
      | "nodes"
      | "fallback"
      | "failure"
      | "environment",
      string
    >
  >;
  readonly back: string;
  readonly unknown: string;
  readonly actions: {
    readonly refresh: string;
    readonly revoke: string;
    readonly cancel: string;
    readonly busy: string;
    readonly done: string;
    readonly refreshTitle: (ref: string) => string;
    readonly refreshText: string;
    readonly revokeTitle: (ref: string) => string;
    readonly revokeText: string;
    readonly revokeKeyTitle: (name: string) => string;
    readonly revokeKeyText: string;
  };
  readonly guide: {
    readonly title: string;
    readonly intro: string;
    readonly steps: readonly { readonly title: string; readonly text: string }[];
    readonly demoTitle: string;
    readonly demoText: string;
    readonly steal: string;
    readonly stealing: string;
    readonly stolen: string;
  };
  readonly conflicts: Readonly<
    Record<
      | "title"
      | "intro"
      | "empty"
      | "time"
      | "credential"
      | "state"
      | "killed"
      | "node"
      | "claimedBy"
      | "remedy"
      | "suspected"
      | "confirmed"
      | "nobody",
      string
    >
  > & { readonly killedText: (fingerprint: string, age: string, rest: string) => string };
  readonly ledger: Readonly<
    Record<
      | "title"
      | "intro"
      | "chart"
      | "hour"
      | "fetched"
      | "failed"
      | "rejected"
      | "contended"
      | "credential"
      | "used"
      | "perDay"
      | "share"
      | "reasons"
      | "twin"
      | "none",
      string
    >
  >;
  readonly fleet: Readonly<
    Record<
      | "title"
      | "intro"
      | "empty"
      | "node"
      | "environment"
      | "on"
      | "seen"
      | "median"
      | "most"
      | "unknown",
      string
    >
  > & { readonly ago: (time: string) => string };
  readonly claims: Readonly<
    Record<
      | "title"
      | "intro"
      | "empty"
      | "credential"
      | "environment"
      | "node"
      | "since"
      | "lapses"
      | "unreadable"
      | "several",
      string
    >
  > & { readonly lapsesIn: (time: string) => string };
  readonly audit: Readonly<
    Record<
      | "title"
      | "intro"
      | "empty"
      | "time"
      | "act"
      | "key"
      | "credential"
      | "fingerprint"
      | "times"
      | "detail",
      string
    >
  > & { readonly acts: Readonly<Record<string, string>> };
  readonly keys: Readonly<
    Record<
      | "title"
      | "intro"
      | "empty"
      | "name"
      | "id"
      | "rights"
      | "refs"
      | "created"
      | "state"
      | "active"
      | "revoked"
      | "revoke",
      string
    >
  >;
  readonly forbidden: string;
  readonly loading: string;
}

/** The texts of the sections beside the credentials. */
export type SectionWords = Pick<
  Dictionary,
  "conflicts" | "ledger" | "fleet" | "claims" | "audit" | "keys"
>;
