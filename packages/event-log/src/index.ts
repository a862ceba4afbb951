/**
 * An append-only log of small events over any cache with compare-and-set. Many processes write and
 * read it at once; ids can be resumed from; what is missing is said.
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
