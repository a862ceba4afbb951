/**
 * A platform behind a network: a `fetch` that reaches it in this process, with latency and faults.
 */
import { Hono } from "hono";
import type { LogSubject, Sender } from "./ledger/context.ts";
import { defaultIp } from "./ledger/context.ts";
import { deliverRequest } from "./network/delivery.ts";
import type { Arrival, DeliveryDelays } from "./network/delivery.ts";
import type { Fault } from "./network/fault.ts";
import { FaultPlan } from "./network/fault.ts";
import { fetchOver } from "./network/fetch.ts";
import { documentedEndpoints } from "./endpoints/documented-endpoints.ts";
import { hostOf } from "./paths/hosts.ts";
import type { Host } from "./paths/hosts.ts";
import { officialEndpoints } from "./endpoints/official-endpoints.ts";
import { openPlatformEndpoints } from "./endpoints/open-platform-endpoints.ts";
import type { Platform, PlatformOptions } from "./platform/platform.ts";
import { createPlatform } from "./platform/platform.ts";
import type { App, Endpoint } from "./endpoints/routes.ts";
import { serveEndpoints } from "./endpoints/routes.ts";
import { corruptAnswer } from "./network/corrupt-answer.ts";
import { wecomEndpoints } from "./endpoints/wecom-endpoints.ts";

export interface SimulatorOptions extends PlatformOptions {
  /**
   * The time of a request there and back, in ms: fixed, or drawn evenly from a range. Half is spent
   * on each way.
   * @defaultValue 0
   */
  readonly latencyMs?: number | readonly [minMs: number, maxMs: number];
}

export interface Simulator extends Platform {
  /** The faults, and the requests that meet them. */
  readonly faults: FaultPlan;
  /**
   * Reaches the platform, whatever the URL's host is. Each of the platform's own hosts serves its
   * own paths, and any other host all of them. It uses no sockets; delays pass on the injected
   * clock.
   */
  readonly fetch: typeof fetch;
  /** The same, for a client with this label and address. */
  fetchAs(sender: Sender): typeof fetch;
  /**
   * Delivers a request and reports how that ended, for a server, which has a connection to break.
   */
  handle(request: Request, sender?: Sender): Promise<Arrival<Response>>;
}

export function createSimulator(options: SimulatorOptions = {}): Simulator {
  const platform = createPlatform(options);
  const faults = new FaultPlan();
  const engines = [
    ...officialEndpoints(platform),
    ...openPlatformEndpoints(platform),
    ...wecomEndpoints(platform),
  ];
  const endpoints = [...engines, ...documentedEndpoints(platform, engines)];
  const apps = new Map(
    [undefined, "wechat" as const, "wecom" as const].map((host) => [
      host,
      appOf(platform, endpoints, host),
    ]),
  );
  let ordinal = 0;

  const handle = async (given: Request, bound: Sender = {}): Promise<Arrival<Response>> => {
    const sender = senderOf(given, bound);
    const url = new URL(given.url);
    ordinal += 1;
    const fault =
      faults.take({
        endpoint: url.pathname,
        method: given.method,
        query: url.searchParams,
        caller: sender.caller,
        ordinal,
      }) ?? {};
    const request = await detached(given);
    return deliverRequest(platform.clock, fault, delaysOf(options, platform), async () => {
      const response = await answer(request, url, sender, fault);
      return corruptAnswer(response, fault, platform.clock, given);
    });
  };

  const answer = async (
    request: Request,
    url: URL,
    sender: Sender,
    fault: Fault,
  ): Promise<Response> => {
    const { errcode, processed = errcode === undefined } = fault;
    const app = apps.get(hostOf(url));
    const response =
      processed && app !== undefined ? await app.fetch(request, { sender }) : new Response("");
    if (errcode === undefined) return response;
    return Response.json(
      platform.context.refuse(logSubjectOf(platform, endpoints, url, sender), errcode, "fault")
        .body,
    );
  };

  const fetchAs = (sender: Sender): typeof fetch => fetchOver((request) => handle(request, sender));
  return { ...platform, faults, handle, fetchAs, fetch: fetchAs({}) };
}

/** The endpoints of one host, or of all hosts for an address that serves all. */
function appOf(platform: Platform, endpoints: readonly Endpoint[], host: Host | undefined): App {
  const app: App = new Hono();
  serveEndpoints(
    app,
    platform,
    endpoints.filter(
      (endpoint) => host === undefined || endpoint.host === undefined || endpoint.host === host,
    ),
  );
  app.notFound((c) =>
    c.text(
      `The simulator has no endpoint ${c.req.path}${host === undefined ? "" : ` at this host (${host})`}.`,
      404,
    ),
  );
  return app;
}

/**
 * The request with its body read and without its signal: the platform has received it whole,
 * whatever the client does from now on.
 */
async function detached(request: Request): Promise<Request> {
  const { method, headers, url } = request;
  return new Request(
    url,
    method === "GET" || method === "HEAD"
      ? { method, headers }
      : { method, headers, body: await request.text() },
  );
}

/**
 * The sender that the caller was bound to, else the sender that the headers name: `x-lingpai-node`
 * or `user-agent`, and `x-forwarded-for`.
 */
function senderOf({ headers }: Request, bound: Sender): Required<Sender> {
  const caller = bound.caller ?? headers.get("x-lingpai-node") ?? headers.get("user-agent") ?? "";
  const ip = bound.ip ?? headers.get("x-forwarded-for")?.split(",")[0]?.trim() ?? defaultIp;
  return { caller, ip };
}

function delaysOf({ latencyMs = 0 }: SimulatorOptions, { random }: Platform): DeliveryDelays {
  const wholeMs =
    typeof latencyMs === "number"
      ? latencyMs
      : latencyMs[0] + random.next() * (latencyMs[1] - latencyMs[0]);
  return { delayBeforeMs: wholeMs / 2, delayAfterMs: wholeMs / 2 };
}

/** The log's description of a request, from its path and query. */
function logSubjectOf(
  { context }: Platform,
  endpoints: readonly Endpoint[],
  { pathname, searchParams }: URL,
  sender: Sender,
): LogSubject {
  const token = context.tokens.find(searchParams.get("access_token") ?? "");
  const kind = endpoints.find(({ path }) => path === pathname)?.kind ?? "call";
  return {
    kind,
    endpoint: pathname,
    appId: token?.appId ?? searchParams.get("appid") ?? undefined,
    tokenId: token?.id,
    sender,
  };
}
