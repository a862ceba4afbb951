/** The dependencies of every route. */
import type { Clock, ListedClaims } from "@lingpai/core";
import type { Diagnosis } from "@lingpai/doctor";
import type { EventLog } from "@lingpai/event-log";
import type { AccountTokens } from "../credentials/account-tokens.ts";
import type { AliveChecks } from "../credentials/alive-checks.ts";
import type { Served } from "../credentials/served-credential.ts";
import type { Audit } from "../events/audit.ts";
import type { EventHub } from "../events/event-hub.ts";
import type { Places } from "../keys/places.ts";
import type { RateLimit } from "../keys/rate-limit.ts";
import type { FleetView } from "../events/fleet-view.ts";
import type { ServerKeys } from "../keys/server-keys.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { Closing } from "./closing.ts";

export interface RouteContext {
  readonly clock: Clock;
  readonly credentials: ReadonlyMap<string, Served>;
  /** The credentials of the WeChat-shaped routes, by AppID. */
  readonly accounts: ReadonlyMap<string, Served>;
  readonly keys: ServerKeys;
  readonly rates: RateLimit;
  readonly places: Readonly<Record<"waits" | "streams", Places>>;
  /** What the platform says of the tokens that SDKs are given. */
  readonly checks: AliveChecks;
  readonly tokens: AccountTokens;
  readonly audit: Audit;
  readonly log: EventLog;
  readonly hub: EventHub;
  /** The log's view of the fleet, for the dashboard. */
  readonly view: FleetView;
  /** Undefined without a dashboard, like the fields below. */
  readonly sessions: Sessions | undefined;
  readonly claims: (() => Promise<ListedClaims>) | undefined;
  readonly demo: Demo | undefined;
  readonly limits: ServerLimits;
  readonly closing: Closing;
  readonly metrics: (() => Promise<string>) | undefined;
  readonly diagnosis: (() => Promise<Diagnosis>) | undefined;
}

export interface ServerLimits {
  /** The largest JSON body, in bytes. */
  readonly bodyBytes: number;
  /** How long a body may take, in ms. */
  readonly bodyMs: number;
  /** The number of open long polls. */
  readonly waits: number;
  /** The number of open long polls of one key, so that no key can take all of them. */
  readonly waitsPerKey: number;
  /** The number of open event streams. */
  readonly streams: number;
  /** The number of open event streams of one key. */
  readonly streamsPerKey: number;
  /** How long an SDK behind the WeChat-shaped routes may keep a token, in ms. */
  readonly holdMs: number;
}

/** A simulated credential for an installation without any. */
export interface Demo {
  readonly ref: string;
  /** Simulates a foreign fetch of a token, which a caller of the fleet then notices. */
  readonly steal: () => Promise<void>;
}
