/** What a log reports about itself. */

/**
 * - `unavailable`: the store does not take events; they wait. Once, until `recovered`.
 * - `lost`: events were dropped, because the queue was full or the log was closed.
 * - `unreadable`: what lies in the store is not this log's, or is sealed with another key.
 */
export type LogReport =
  | { readonly type: "unavailable" | "recovered" | "unreadable"; readonly stream: string }
  | { readonly type: "lost"; readonly stream: string; readonly count: number };
