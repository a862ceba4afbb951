/** How one request to the platform goes, and what its sender is told. */
import { IssueError } from "@lingpai/core";

/** What becomes of one request. */
export interface Passage {
  readonly beforeMs: number;
  readonly afterMs: number;
  /**
   * `lost`: processed, never answered; `reset`: processed, and the connection breaks; `repeated`:
   * what was issued last is handed out again, if it is alive; `absurd`: processed, and the answer
   * tells no possible lifetime; `html`: what answers is not the platform, which may have been
   * asked.
   */
  readonly fate:
    | "answered"
    | "repeated"
    | "lost"
    | "reset"
    | "busy"
    | "absurd"
    | "html-processed"
    | "html-unprocessed"
    | "unsent"
    | "unprocessed";
  /** For how long what is issued lives, where that is less than documented. */
  readonly lifeMs?: number;
}

export const processedFates: ReadonlySet<Passage["fate"]> = new Set([
  "answered",
  "repeated",
  "lost",
  "reset",
  "absurd",
  "html-processed",
]);

/** Whether the process is told of it. */
export const toldFates: ReadonlySet<Passage["fate"]> = new Set(["answered", "repeated", "absurd"]);

export function failure(fate: Passage["fate"]): IssueError {
  switch (fate) {
    case "busy":
      return new IssueError("busy", "The simulated platform is busy.", { platformCode: "-1" });
    case "unsent":
      return new IssueError("unsent", "The simulated network refused the connection.");
    default:
      return new IssueError("unknown", "The simulated answer was not the platform's.");
  }
}
