/** The token server: one web-standard handler over the credentials of a fleet. */
import {
  ConfigurationError,
  listClaims,
  requireKinds,
  requireKnown,
  requireObject,
  requireOptions,
  requireShape,
  systemClock,
} from "@lingpai/core";
import type { Cache, Clock, KindsOf } from "@lingpai/core";
import type { Diagnosis } from "@lingpai/doctor";
import type { EventLog } from "@lingpai/event-log";
import { Hono } from "hono";
import type { Context } from "hono";
import { AccountTokens } from "./credentials/account-tokens.ts";
import { AliveChecks } from "./credentials/alive-checks.ts";
import { served } from "./credentials/served-credential.ts";
import type { Served, ServedCredential } from "./credentials/served-credential.ts";
import { Audit } from "./events/audit.ts";
import { logEvents } from "./events/credential-events.ts";
import { EventHub } from "./events/event-hub.ts";
import { FleetView } from "./events/fleet-view.ts";
import { problemOf, problemResponse } from "./http/problem.ts";
import { readText } from "./http/read-body.ts";
import { Places } from "./keys/places.ts";
import { RateLimit } from "./keys/rate-limit.ts";
import type { ServerKeys } from "./keys/server-keys.ts";
import { Closing } from "./routes/closing.ts";
import { sharedDiagnosis } from "./routes/diagnosis.ts";
import type { Demo, RouteContext, ServerLimits } from "./routes/context.ts";
import { routes } from "./route-table.ts";
import { Sessions } from "./sessions/sessions.ts";

export interface TokenServerOptions {
  /** The credentials to serve. Their owner closes them. */
  readonly credentials: readonly ServedCredential[];
  readonly keys: ServerKeys;
  /** The log of events and of the audit, shared by all replicas. Its owner closes it. */
  readonly log: EventLog;
  /**
   * The platform's push endpoints: `{ component: platform.respondToPush }` answers at
   * `/v1/push/component`. They need no server key: each push is authenticated by its signature.
   */
  readonly push?: Readonly<Record<string, (request: Request) => Promise<Response>>>;
  /** Serves the dashboard, and lets people sign in to it with a server key. */
  readonly dashboard?: DashboardOptions;
  readonly limits?: Partial<ServerLimits>;
  /**
   * Returns the content of `/metrics`, in Prometheus's text format. Without it there is no such
   * route.
   */
  readonly metrics?: () => Promise<string>;
  /**
   * Returns the content of `/v1/doctor`: `() => diagnose({ cache, redis, isInFleet: true })` of
   * `@lingpai/doctor`. Without it there is no such route.
   */
  readonly doctor?: () => Promise<Diagnosis>;
  /** Called with errors whose text no caller gets. */
  readonly onError?: (error: unknown) => void;
  readonly clock?: Clock;
}

export interface DashboardOptions {
  /**
   * The cache of the credentials' store, for sessions and claims. Sessions use its prefix
   * `server-sessions`.
   */
  readonly cache: Cache;
  /**
   * The page: `dashboardAssets()` of `@lingpai/dashboard`. Without it only the routes are served.
   */
  readonly assets?: (request: Request) => Response | undefined;
  /**
   * True if a proxy in front of this server terminates TLS. Cookies are then `Secure` although
   * requests arrive by `http:`. @defaultValue false
   */
  readonly isBehindTls?: boolean;
  /** A simulated credential, for an installation that has none yet. */
  readonly demo?: Demo;
}

export interface TokenServer {
  /**
   * Answers one request. Never rejects. Mount it where a framework accepts a web-standard handler.
   */
  readonly handle: (request: Request) => Promise<Response>;
  /** Ends long polls and event streams, and writes what is left of the audit. */
  close(): Promise<void>;
}

const limitDefaults: ServerLimits = {
  bodyBytes: 16 * 1_024,
  bodyMs: 10_000,
  waits: 20_000,
  waitsPerKey: 10_000,
  streams: 1_000,
  streamsPerKey: 250,
  holdMs: 300_000,
};
const pushBytesMax = 256 * 1_024;
const kinds = {
  clock: "clock",
  credentials: "list",
  dashboard: "object",
  doctor: "function",
  keys: "object",
  limits: "object",
  log: "object",
  metrics: "function",
  onError: "function",
  push: "object",
} satisfies KindsOf<TokenServerOptions>;
const credentialKinds = {
  credential: "object",
  ref: "text",
  revoke: "function",
  wechat: "object",
} satisfies KindsOf<ServedCredential>;

/**
 * @throws {ConfigurationError} An option is invalid, or two credentials have the same reference.
 */
export function tokenServer(options: TokenServerOptions): TokenServer {
  requireOptions("tokenServer()", options, kinds);
  requireShape("keys", options.keys, ["verify", "hold", "ready"], "serverKeys() makes them.");
  requireShape("log", options.log, ["append", "read", "follow"], "eventLog() makes one.");
  const { clock = systemClock, dashboard, keys, log, push = {} } = options;
  if (dashboard !== undefined) requireDashboard(dashboard);
  const closing = new Closing();
  const credentials = byReference(options.credentials, clock);
  const audit = new Audit(log, clock);
  const limits = limitsOf(options.limits);
  const accounts = byAccount([...credentials.values()]);
  const context: RouteContext = {
    clock,
    credentials,
    accounts,
    keys,
    rates: new RateLimit(clock),
    places: {
      waits: new Places({ most: limits.waits, mostPerKey: limits.waitsPerKey }),
      streams: new Places({ most: limits.streams, mostPerKey: limits.streamsPerKey }),
    },
    checks: new AliveChecks(clock, limits.holdMs),
    tokens: new AccountTokens(accounts, clock, limits.holdMs),
    audit,
    log,
    hub: new EventHub(log),
    view: new FleetView(log, clock),
    ...dashboardParts(dashboard, keys, clock),
    limits,
    closing,
    metrics: options.metrics,
    diagnosis: options.doctor && sharedDiagnosis(options.doctor, clock),
  };
  const stops = [...credentials.values()].map((one) => logEvents(one, log, clock));
  const app = routerOf(context, options.onError);
  for (const [name, respond] of Object.entries(push))
    app.all(`/v1/push/${name}`, async ({ req }) => respond(await bounded(req.raw, context)));

  return {
    async handle(request) {
      return dashboard?.assets?.(request) ?? app.fetch(request);
    },
    async close() {
      closing.close();
      for (const stop of stops) stop();
      context.view.stop();
      audit.flush();
    },
  };
}

function requireDashboard(given: DashboardOptions): void {
  requireOptions("dashboard", given, {
    assets: "function",
    cache: "cache",
    demo: "object",
    isBehindTls: "boolean",
  } satisfies KindsOf<DashboardOptions>);
  if (given.cache === undefined)
    throw new ConfigurationError("dashboard, an object, has no cache. Give the store's.");
}

function dashboardParts(
  given: DashboardOptions | undefined,
  keys: ServerKeys,
  clock: Clock,
): Pick<RouteContext, "sessions" | "claims" | "demo"> {
  if (given === undefined) return { sessions: undefined, claims: undefined, demo: undefined };
  const { cache, demo, isBehindTls = false } = given;
  return {
    sessions: new Sessions({ cache, keys, clock, isBehindTls }),
    claims: () => listClaims(cache),
    demo,
  };
}

function routerOf(context: RouteContext, onError: TokenServerOptions["onError"]): Hono {
  const app = new Hono();
  for (const { handler, method, path } of routes)
    app.on(method, path, ({ req }) => handler(req.raw, context, req.param()));
  app.notFound((c) => problemResponse(missing(c)));
  app.onError((error, { req }) => {
    const problem = problemOf(error);
    // A caller that disconnects ends the work with an error, and reads no response. That is no
    // fault.
    if (problem.code === "internal" && !req.raw.signal.aborted)
      try {
        onError?.(error);
      } catch {
        // A listener handles its own errors.
      }
    return problemResponse(problem);
  });
  return app;
}

function missing({ req }: Context): Parameters<typeof problemResponse>[0] {
  const methods = methodsOf(req.path);
  if (methods.length === 0)
    return {
      status: 404,
      code: "not-found",
      detail: "This server has no such route.",
      remedy: "GET /openapi.json lists the routes.",
    };
  return {
    status: 405,
    code: "method-not-allowed",
    detail: "This route has no such method.",
    remedy: `Use ${methods.join(" or ")}.`,
    headers: { allow: methods.join(", ") },
  };
}

function methodsOf(path: string): readonly string[] {
  const isOf = (pattern: string): boolean =>
    new RegExp(`^${pattern.replaceAll(/:\w+/g, "[^/]+").replaceAll(".", "\\.")}$`).test(path);
  return routes.filter((route) => isOf(route.path)).map(({ method }) => method);
}

/** The receivers limit the size of a body, but not its time. */
async function bounded(request: Request, { clock, limits }: RouteContext): Promise<Request> {
  if (request.method === "GET" || request.method === "HEAD") return request;
  const { signal, method, headers, url } = request;
  const body = await readText(request, {
    clock,
    bytesMax: pushBytesMax,
    waitMs: limits.bodyMs,
  });
  return new Request(url, { method, headers, body, signal });
}

function byReference(given: readonly ServedCredential[], clock: Clock): Map<string, Served> {
  const found = new Map<string, Served>();
  for (const one of given) {
    requireKinds("One of credentials", one, credentialKinds);
    requireShape(
      "One of credentials: credential",
      one.credential,
      ["get", "watch"],
      "core's credential() makes one.",
    );
    const made = served(one, clock);
    const { ref } = made;
    if (ref === "" || Buffer.byteLength(ref) > 1_024 || ref === "*" || !ref.isWellFormed())
      throw new ConfigurationError("A reference has 1 to 1024 bytes, and is not `*`.");
    if (found.has(ref))
      throw new ConfigurationError(`Two credentials have the reference ${JSON.stringify(ref)}.`);
    found.set(ref, made);
  }
  return found;
}

function byAccount(all: readonly Served[]): Map<string, Served> {
  const found = new Map<string, Served>();
  for (const one of all) {
    if (one.wechat === undefined) continue;
    const { appId } = one.wechat;
    if (found.has(appId))
      throw new ConfigurationError(
        `Two credentials are served as the account ${appId}. Serve each account once, in one mode.`,
      );
    found.set(appId, one);
  }
  return found;
}

function limitsOf(given: Partial<ServerLimits> = {}): ServerLimits {
  requireObject("limits", given);
  requireKnown("limits", given, Object.keys(limitDefaults));
  for (const [name, value] of Object.entries(given))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new ConfigurationError(`limits.${name} is a whole number of at least 1.`);
  return { ...limitDefaults, ...given };
}
