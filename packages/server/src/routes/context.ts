/** What every route has at hand. */
import type { Clock } from "@lingpai/core";
import type { EventLog } from "@lingpai/event-log";
import type { Served } from "../credentials/served-credential.ts";
import type { Audit } from "../events/audit.ts";
import type { EventHub } from "../events/event-hub.ts";
import type { RateLimit } from "../keys/rate-limit.ts";
import type { ServerKeys } from "../keys/server-keys.ts";

export interface RouteContext {
  readonly clock: Clock;
  readonly credentials: ReadonlyMap<string, Served>;
  /** By AppID: what the WeChat-shaped routes serve. */
  readonly accounts: ReadonlyMap<string, Served>;
  readonly keys: ServerKeys;
  readonly rates: RateLimit;
  readonly audit: Audit;
  readonly log: EventLog;
  readonly hub: EventHub;
  readonly limits: ServerLimits;
  /** Aborts when the server is closed. */
  readonly closing: AbortSignal;
}

export interface ServerLimits {
  /** The largest JSON body, in bytes. */
  readonly bodyBytes: number;
  /** How long a body may take, in ms. */
  readonly bodyMs: number;
  /** Long polls that are open at once. */
  readonly waits: number;
  /** Event streams that are open at once. */
  readonly streams: number;
  /** How long an SDK behind the WeChat-shaped routes may hold a token, in ms. */
  readonly holdMs: number;
}
