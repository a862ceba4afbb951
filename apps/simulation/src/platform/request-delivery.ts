/** How one request travels to the platform and back, and the error that its sender gets. */
import { IssueError } from "@lingpai/core";

export interface RequestDelivery {
  readonly beforeMs: number;
  readonly afterMs: number;
  /**
   * `lost`: processed and never answered. `reset`: processed, then the connection breaks.
   * `repeated`: the answer is the last token again, if it is alive. `absurd`: processed, and the
   * lifetime in the answer is impossible. `html`: a proxy answers instead of the platform, which
   * may have processed the request. `unsent`: the connection is refused. `unprocessed`: the request
   * is lost. `busy-processed`: processed, and answered with -1. `refused`: answered with `errcode`,
   * after which the client waits a minute.
   */
  readonly fate:
    | "answered"
    | "repeated"
    | "lost"
    | "reset"
    | "busy"
    | "busy-processed"
    | "refused"
    | "absurd"
    | "html-processed"
    | "html-unprocessed"
    | "unsent"
    | "unprocessed";
  /** The lifetime of the issued token, if it is shorter than documented. */
  readonly lifeMs?: number;
  /** The code of a refusal. */
  readonly errcode?: number | undefined;
}

/** How long a client leaves a token endpoint alone that refused with 45011 or an unlisted code. */
export const refusedForMs = 60_000;

/** The fates in which the platform processes the request. */
export const processedFates: ReadonlySet<RequestDelivery["fate"]> = new Set([
  "answered",
  "repeated",
  "lost",
  "reset",
  "busy-processed",
  "absurd",
  "html-processed",
]);

/** The fates in which the process gets the platform's answer. */
export const answeredFates: ReadonlySet<RequestDelivery["fate"]> = new Set([
  "answered",
  "repeated",
  "absurd",
]);

export function failure({ fate, errcode }: RequestDelivery): IssueError {
  switch (fate) {
    case "refused":
      return new IssueError("busy", "The simulated platform refuses for now.", {
        platformCode: String(errcode),
        retryAfterMs: refusedForMs,
      });
    case "busy":
    case "busy-processed":
      return new IssueError("busy", "The simulated platform is busy.", { platformCode: "-1" });
    case "unsent":
      return new IssueError("unsent", "The simulated network refused the connection.");
    default:
      return new IssueError("unknown", "The simulated answer was not the platform's.");
  }
}
