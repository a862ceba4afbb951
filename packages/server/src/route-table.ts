/** All routes, as data. */
import { plainToken, stableToken, ticket } from "./facade/facade.ts";
import {
  listCredentials,
  readCredential,
  refreshCredential,
  rejectCredential,
  revokeCredential,
  seedCredential,
} from "./routes/credentials.ts";
import { readDoctor } from "./routes/doctor.ts";
import { auditTrail, followEvents, lifeLine } from "./routes/events.ts";
import { healthz, metricsText, readyz } from "./routes/health.ts";
import { openApi } from "./routes/open-api.ts";
import {
  listKeys,
  readClaims,
  readConflicts,
  readFleet,
  readLedger,
  readOverview,
  revokeKey,
  stealDemo,
} from "./routes/overview.ts";
import type { Handler, Route } from "./routes/route.ts";
import { readSession, signIn, signOut } from "./routes/session.ts";

const failures = [400, 401, 403, 429, 500];
const one = "/v1/credentials/:ref";
const ofCredential = [...failures, 404, 409, 422, 503];
const withBody = [...ofCredential, 408, 413, 415];

/** The routes of the dashboard, which accept a session's cookie or a key. */
const dashboard: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/session",
    summary: "Signs in with a server key; the answer sets a cookie",
    rights: [],
    statuses: [200, 400, 401, 403, 408, 413, 415, 422, 429, 503],
    handler: signIn,
  },
  {
    method: "GET",
    path: "/v1/session",
    summary: "Who has signed in; 204 when nobody has",
    rights: [],
    statuses: [200, 204, 400, 401, 422, 429, 503],
    handler: readSession,
  },
  {
    method: "DELETE",
    path: "/v1/session",
    summary: "Signs out",
    rights: [],
    statuses: [204, 400, 401, 403, 422, 429, 503],
    handler: signOut,
  },
  {
    ...derived(
      "overview",
      "The state of each credential, with its nodes and conflicts",
      readOverview,
    ),
    query: ["ref"],
  },
  derived("ledger", "What was fetched and why, by hour and by credential", readLedger),
  derived("conflicts", "The evidence of refreshes by others, the latest first", readConflicts),
  derived("fleet", "The nodes, and how quickly they adopt a new credential", readFleet),
  {
    method: "GET",
    path: "/v1/doctor",
    summary: "What is wrong with the store, with cause and remedy; for a key of all references",
    rights: ["admin"],
    statuses: [200, ...failures, 404, 503],
    handler: readDoctor,
  },
  {
    method: "GET",
    path: "/v1/claims",
    summary: "Which environment fetches which credential; for a key of all references",
    rights: ["admin"],
    statuses: [200, ...failures, 422, 503],
    handler: readClaims,
  },
  {
    method: "GET",
    path: "/v1/keys",
    summary: "The server keys, without their text; for a key of all references",
    rights: ["admin"],
    statuses: [200, ...failures, 422, 503],
    handler: listKeys,
  },
  {
    method: "POST",
    path: "/v1/keys/:id/revoke",
    summary: "Ends a server key; for a key of all references",
    rights: ["admin"],
    statuses: [204, ...failures, 404, 408, 413, 422, 503],
    handler: revokeKey,
  },
  {
    method: "POST",
    path: "/v1/demo/steal",
    summary: "Lets somebody outside the fleet fetch a token of the simulated account",
    rights: ["read"],
    statuses: [204, ...failures, 404, 408, 413, 422, 503],
    handler: stealDemo,
  },
];

export const routes: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/credentials",
    summary: "The credentials that the key may read, without secrets",
    rights: ["read"],
    statuses: [200, ...failures],
    query: ["state", "cursor", "limit"],
    handler: listCredentials,
  },
  {
    method: "GET",
    path: one,
    summary: "The credential; with If-None-Match and wait, the next one",
    rights: ["read"],
    statuses: [200, 304, ...ofCredential],
    query: ["wait"],
    handler: readCredential,
  },
  post("rejections", "Reports that the platform refused the credential", {
    rights: ["reject", "read"],
    statuses: [200, ...withBody],
    handler: rejectCredential,
  }),
  post("refresh", "Replaces the credential now", {
    rights: ["refresh", "read"],
    statuses: [200, ...ofCredential, 408, 413],
    handler: refreshCredential,
  }),
  post("revoke", "Makes the platform forget a credential that leaked", {
    rights: ["revoke"],
    statuses: [204, ...ofCredential, 408, 413],
    handler: revokeCredential,
  }),
  post("seed", "Stores a credential that was obtained elsewhere", {
    rights: ["admin"],
    statuses: [204, ...withBody],
    handler: seedCredential,
  }),
  {
    method: "GET",
    path: `${one}/events`,
    summary: "The life line of a credential, page by page",
    rights: ["read"],
    statuses: [200, ...ofCredential],
    query: ["after", "limit"],
    handler: lifeLine,
  },
  {
    method: "GET",
    path: "/v1/events",
    summary: "Live events, as server-sent events; resumes by Last-Event-ID",
    rights: ["read"],
    statuses: [200, ...ofCredential],
    query: ["ref", "after"],
    handler: followEvents,
  },
  {
    method: "GET",
    path: "/v1/audit",
    summary: "What was done with which key, page by page; for a key of all references",
    rights: ["admin"],
    statuses: [200, ...failures, 503],
    query: ["after", "limit"],
    handler: auditTrail,
  },
  ...dashboard,
  {
    method: "GET",
    path: "/metrics",
    summary: "Metrics in Prometheus's text format, for a key of all references",
    rights: ["read"],
    statuses: [200, ...failures, 404],
    handler: metricsText,
  },
  facade("GET", "/cgi-bin/token", "The token, as WeChat's /cgi-bin/token answers", plainToken),
  facade("POST", "/cgi-bin/stable_token", "As WeChat's /cgi-bin/stable_token", stableToken),
  facade("GET", "/cgi-bin/ticket/getticket", "As WeChat's /cgi-bin/ticket/getticket", ticket),
  open("/healthz", "The process answers", [200], healthz),
  open("/readyz", "This replica can serve", [200, 503], readyz),
  open("/openapi.json", "This document", [200], async () =>
    Response.json(openApi(routes), { headers: { "cache-control": "no-cache" } }),
  ),
];

function post(
  name: string,
  summary: string,
  rest: Pick<Route, "rights" | "statuses" | "handler">,
): Route {
  return { method: "POST", path: `${one}/${name}`, summary, ...rest };
}

function facade(method: Route["method"], path: string, summary: string, handler: Handler): Route {
  const query = ["appid", "secret", "grant_type"];
  const asks = path.endsWith("getticket") ? ["access_token", "type"] : query;
  return {
    method,
    path,
    summary,
    rights: [],
    statuses: method === "POST" ? [200, 408, 413] : [200],
    ...(method === "GET" && { query: asks }),
    handler,
  };
}

function derived(name: string, summary: string, handler: Handler): Route {
  const path = `/v1/${name}`;
  return {
    method: "GET",
    path,
    summary,
    rights: ["read"],
    statuses: [200, ...failures, 503],
    handler,
  };
}

function open(path: string, summary: string, statuses: readonly number[], handler: Handler): Route {
  return { method: "GET", path, summary, rights: [], statuses, handler };
}
