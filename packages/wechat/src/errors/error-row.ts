/** A row of the error tables. */

/**
 * `token`: an endpoint that issues a credential for a secret. `derived`: an endpoint that issues a
 * credential for another credential, which the query carries; the rows of `token` apply to it too,
 * unless it has a row of its own. `business`: an endpoint that is called with a credential, tickets
 * included.
 */
export type EndpointClass = "token" | "derived" | "business";

/**
 * - `retry`: the platform is busy; the same call may succeed in a moment.
 * - `reject`: the credential that was sent is dead: report it, send again once with its
 *   replacement.
 * - `reject-parent`: the credential that this one was derived from is dead: report that one, send
 *   again once.
 * - `stop`: the same call will be refused again until somebody changes something.
 * - `stop-here`: as `stop`, but only for calls from this address; other nodes go on.
 * - `stop-tenant`: as `stop`, but only for this authoriser; others go on.
 * - `wait-day`: the day's quota is gone until 00:00 in Shanghai.
 * - `wait-minute`: the minute's quota is gone.
 * - `wait-push`: the ticket that the platform pushes every ten minutes is dead: use the one before,
 *   else wait for the next.
 * - `pause`: leave the platform alone for `pauseMs`.
 * - `pass`: the caller's own matter. The credential is fine: never refresh it for this.
 */
export type Action =
  | "retry"
  | "reject"
  | "reject-parent"
  | "stop"
  | "stop-here"
  | "stop-tenant"
  | "wait-day"
  | "wait-minute"
  | "wait-push"
  | "pause"
  | "pass";

export interface ErrorRow {
  readonly codes: readonly number[];
  readonly endpoint: EndpointClass | "any";
  readonly meaning: string;
  readonly action: Action;
  /** The advice for a reader of the error. */
  readonly remedy: string;
  /** Given with `pause`, and where the platform states a wait. */
  readonly pauseMs?: number;
  /** True if a secret that was rotated meanwhile would explain the refusal. */
  readonly aboutSecret?: true;
  /** The page that documents the row, without `https://`, or `"observed"`. */
  readonly source: string;
  /** When somebody last compared the row with that page: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`. */
  readonly date: string;
}
