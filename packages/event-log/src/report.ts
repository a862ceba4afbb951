/** The reports of a log about itself. */

/**
 * - `unavailable`: the store accepts no events, so they wait. Reported once, until `recovered`.
 * - `lost`: events were dropped, because the queue was full or the log was closed.
 * - `unreadable`: the stored data is not this log's, or is sealed with another key.
 */
export type LogReport =
  | { readonly type: "unavailable" | "recovered" | "unreadable"; readonly stream: string }
  | { readonly type: "lost"; readonly stream: string; readonly count: number };
