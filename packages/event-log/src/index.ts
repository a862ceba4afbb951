/**
 * An append-only log of small events over any cache with compare-and-set. Many processes can write
 * and read it at once. Readers can resume from ids, and gaps are reported.
 *
 * @packageDocumentation
 */
export { compareEventIds } from "./event-id.ts";
export { eventLog } from "./event-log.ts";
export type { EventLog, EventLogOptions, ReadOptions } from "./event-log.ts";
export type { LogReport } from "./report.ts";
export type { Follower, FollowOptions } from "./follower.ts";
export type { LogEvent } from "./documents.ts";
export type { GapCause, LogEntry, Page } from "./stream-reader.ts";
