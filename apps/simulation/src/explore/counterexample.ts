/** Prints a counterexample: one sentence for each step, and the document after it. */
import type { State } from "@lingpai/core/internal/state";
import type { TraceStep, Violation } from "./search/search.ts";
import type { StepKind } from "./model/step.ts";
import { serialOf, type World } from "./model/world.ts";

/** Each sentence is made from the name of the process and a detail. */
const sentences: { readonly [K in StepKind]: (who: string, what: string) => string } = {
  acquire: (who, what) => `${who} gets the lock and reads the document${what}.`,
  look: (who) => `${who} reads the document again.`,
  "write-intent": (who, what) => `${who} writes the intent${what}.`,
  "intent-unacknowledged": (who, what) =>
    `${who} writes the intent${what}; the store's reply is lost, and it sends nothing.`,
  adopt: (who) =>
    `${who} finds that another process has refreshed, and adopts the stored credential.`,
  yield: (who) => `${who} notices that its lease is lost, and sends nothing.`,
  send: (who) => `${who} still trusts its lease and sends the request.`,
  process: (who, what) => `The platform processes ${who}'s request and issues ${what}.`,
  commit: (who) => `${who} gets the answer and commits it.`,
  keep: (who) =>
    `${who} gets the answer, cannot reach the store, and serves the credential from memory.`,
  "commit-kept": (who) => `${who} reaches the store again and commits the kept credential.`,
  refuse: (who) => `The platform refuses ${who}'s request.`,
  "refuse-and-retry": (who) => `The platform is busy; ${who} keeps the lock and tries again.`,
  "time-out": (who) => `${who} times out. It does not know whether its request was processed.`,
  abandon: (who) => `${who} records that the outcome is unknown.`,
  "abandon-unacknowledged": (who) =>
    `${who} cannot reach the store to record that the outcome is unknown.`,
  read: (who) => `${who} reads the document.`,
  reject: (who, what) => `${who} sees ${what} refused.`,
  suspect: (who, what) => `${who} records that ${what} was refused.`,
  clear: (who) =>
    `${who} asks the platform, which says that the credential is alive, and withdraws the report.`,
  "process-late": (_, what) => `The platform processes an abandoned request and issues ${what}.`,
  drop: () => "An abandoned request is lost.",
  expire: (who) => `${who}'s lease ends.`,
  crash: (who) => `${who} crashes and restarts without memory.`,
  "fail-over": (_, what) => `The store fails over${what}.`,
  reset: () => "An operator resets the credential.",
  foreign: () => "A system outside the fleet refreshes.",
  tick: () => "Time passes.",
};

/**
 * Returns one line for each step, with the document where it has changed, and the violated
 * invariant at the end.
 */
export function counterexampleOf({ broken, trace }: Violation): string[] {
  const lines = trace.map((traceStep, i) => {
    const { step, before, after } = traceStep;
    const who = step.process === undefined ? "The late holder" : nameOf(step.process);
    const stored =
      before.store.document === after.store.document ? "" : ` → ${describe(after.store.document)}`;
    return `${String(i + 1).padStart(3)}. ${sentences[step.kind](who, detail(traceStep))}${stored}`;
  });
  return [...lines, `     ${broken}`];
}

function nameOf(index: number): string {
  return String.fromCharCode(65 + index);
}

function detail({ step, before, after }: TraceStep): string {
  const changed = after.processes[step.process ?? -1];
  switch (step.kind) {
    case "acquire":
      return changed?.attempt === undefined ? "" : `, to refresh (${changed.attempt.goal.reason})`;
    case "write-intent":
      return changed?.attempt?.intent === undefined
        ? ""
        : ` of epoch ${changed.attempt.intent.epoch}`;
    case "intent-unacknowledged":
      return after.store.document?.intent === undefined
        ? ""
        : ` of epoch ${after.store.document.intent.epoch}`;
    case "process":
    case "process-late":
      return `T${after.platform.latest}`;
    case "reject":
    case "suspect":
      return changed?.wants === undefined ? "a credential" : `T${serialOf(changed.wants)}`;
    case "fail-over":
      return lostWrites(before, after);
    default:
      return "";
  }
}

function lostWrites(before: World, after: World): string {
  const count = before.store.past.length - after.store.past.length;
  const isKept = before.store.version === after.store.version;
  const writes = isKept
    ? "; the lock is lost"
    : `; the lock and the last ${count === 1 ? "write" : `${count} writes`} are lost`;
  return after.store.behind > before.store.behind ? `${writes}, and the clock is behind` : writes;
}

/** Describes a document in one line. */
export function describe(document: State | undefined): string {
  if (document === undefined) return "[nothing]";
  const { credential, intent, doubtSinceMs, suspect } = document;
  const parts = [
    credential === undefined
      ? "no credential"
      : `T${serialOf(credential.fingerprint)} of epoch ${credential.epoch}`,
    intent === undefined ? "" : `open intent of epoch ${intent.epoch}`,
    doubtSinceMs === undefined ? "" : "in doubt",
    suspect === undefined ? "" : `T${serialOf(suspect.fingerprint)} suspect`,
  ];
  return `[${parts.filter((part) => part !== "").join(", ")}]`;
}
