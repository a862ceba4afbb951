/** A trace as a story: who does what, and what is stored afterwards. */
import type { State } from "@lingpai/core/internal/state";
import type { Moment, Violation } from "./search/search.ts";
import type { StepKind } from "./model/step.ts";
import { serialOf, type World } from "./model/world.ts";

/** Who does it, and what it is about. */
const tellings: { readonly [K in StepKind]: (who: string, what: string) => string } = {
  acquire: (who, what) => `${who} gets the lock and reads the document${what}.`,
  look: (who) => `${who} reads the document again.`,
  announce: (who, what) => `${who} announces a request${what}.`,
  "announce-unheard": (who, what) =>
    `${who} announces a request${what}; the store's answer is lost, and it sends nothing.`,
  adopt: (who) => `${who} finds that the refresh has been made, and adopts what is stored.`,
  yield: (who) => `${who} notices that its lease is gone, and sends nothing.`,
  send: (who) => `${who} still believes in its lease and sends the request.`,
  process: (who, what) => `The platform processes ${who}'s request and issues ${what}.`,
  commit: (who) => `${who} gets the answer and commits it.`,
  keep: (who) => `${who} gets the answer, cannot reach the store, and serves it from memory.`,
  "commit-kept": (who) => `${who} reaches the store again and commits what it kept.`,
  refuse: (who) => `The platform refuses ${who}'s request.`,
  "refuse-and-retry": (who) => `The platform is busy; ${who} keeps the lock and tries again.`,
  "time-out": (who) =>
    `${who} gives up waiting. Whether its request was processed it does not know.`,
  abandon: (who) => `${who} tells the fleet that it does not know.`,
  "abandon-unheard": (who) => `${who} cannot reach the store to tell that it does not know.`,
  read: (who) => `${who} reads the document.`,
  reject: (who, what) => `${who} sees ${what} refused.`,
  suspect: (who, what) => `${who} tells the fleet that ${what} was refused.`,
  clear: (who) =>
    `${who} is told by the platform that the credential is alive, and takes the complaint back.`,
  "process-late": (_, what) =>
    `The platform processes a request that nobody waits for any more, and issues ${what}.`,
  drop: () => "A request that nobody waits for any more is lost.",
  expire: (who) => `${who}'s lease ends.`,
  crash: (who) => `${who} crashes and starts again, knowing nothing.`,
  "fail-over": (_, what) => `The store fails over${what}.`,
  foreign: () => "Somebody outside the fleet refreshes.",
  tick: () => "Time passes.",
};

/**
 * One line for each step, with what is stored where that has changed, and the invariant that broke
 * at the end.
 */
export function tell({ broken, trace }: Violation): string[] {
  const lines = trace.map((moment, i) => {
    const { step, before, after } = moment;
    const who = step.process === undefined ? "The late holder" : nameOf(step.process);
    const stored =
      before.store.document === after.store.document ? "" : ` → ${describe(after.store.document)}`;
    return `${String(i + 1).padStart(3)}. ${tellings[step.kind](who, detail(moment))}${stored}`;
  });
  return [...lines, `     ${broken}`];
}

function nameOf(index: number): string {
  return String.fromCharCode(65 + index);
}

function detail({ step, before, after }: Moment): string {
  const is = after.processes[step.process ?? -1];
  switch (step.kind) {
    case "acquire":
      return is?.flight === undefined ? "" : `, to refresh (${is.flight.goal.reason})`;
    case "announce":
      return is?.flight?.intent === undefined ? "" : ` of epoch ${is.flight.intent.epoch}`;
    case "announce-unheard":
      return after.store.document?.intent === undefined
        ? ""
        : ` of epoch ${after.store.document.intent.epoch}`;
    case "process":
    case "process-late":
      return `T${after.platform.latest}`;
    case "reject":
    case "suspect":
      return is?.wants === undefined ? "a credential" : `T${serialOf(is.wants)}`;
    case "fail-over":
      return forgotten(before, after);
    default:
      return "";
  }
}

function forgotten(before: World, after: World): string {
  const count = before.store.past.length - after.store.past.length;
  const isKept = before.store.version === after.store.version;
  const writes = isKept
    ? "; the lock is forgotten"
    : `; the lock and the last ${count === 1 ? "write" : `${count} writes`} are forgotten`;
  return after.store.behind > before.store.behind ? `${writes}, and the clock is behind` : writes;
}

/** What is stored, in a line. */
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
