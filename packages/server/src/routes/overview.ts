/** The routes for the dashboard's data. All of it is derived, and none of it is secret. */
import type { ListedClaim } from "@lingpai/core";
import type { Served } from "../credentials/served-credential.ts";
import type { FleetEvent } from "../events/fleet-view.ts";
import { noStore } from "../http/no-store.ts";
import { ProblemError } from "../http/problem.ts";
import { readText } from "../http/read-body.ts";
import { hasRight } from "../keys/key-rights.ts";
import type { KeyRecord } from "../keys/key-document.ts";
import { evidenceIn } from "../overview/conflicts.ts";
import { ledgerOf } from "../overview/ledger.ts";
import { fleetOf } from "../overview/nodes.ts";
import { rowsOf } from "../overview/overview.ts";
import type { Overview, OverviewRow } from "../overview/overview.ts";
import { callerOf, credentialFor, forbidden } from "./authorize.ts";
import { bodyLimits } from "./body-limits.ts";
import type { RouteContext } from "./context.ts";
import type { Handler } from "./route.ts";

interface Visible {
  readonly key: KeyRecord;
  readonly credentials: readonly Served[];
  readonly events: readonly FleetEvent[];
  readonly hasLog: boolean;
}

/** Without `ref`: everything that the key may read. With one or several: only those. */
export const readOverview: Handler = async (request, context) => {
  const { credentials, events, hasLog, key } = await visibleTo(request, context);
  const wanted = new Set(new URL(request.url).searchParams.getAll("ref"));
  const chosen = wanted.size === 0 ? credentials : credentials.filter(({ ref }) => wanted.has(ref));
  const wallMs = context.clock.wallMs();
  const rows = rowsOf(chosen, events, wallMs, ({ ref, revoke }) => ({
    refresh: hasRight(key, "refresh", ref),
    revoke: revoke !== undefined && hasRight(key, "revoke", ref),
  }));
  adoptHeldElsewhere(rows, context);
  return answer({ wallMs, hasLog, credentials: rows } satisfies Overview);
};

/**
 * Adopts a credential from the store that other nodes have and this replica was never asked for, so
 * that every replica shows the same. If no node has it, nothing happens: reading the overview
 * fetches nothing.
 */
function adoptHeldElsewhere(
  rows: readonly OverviewRow[],
  { closing, credentials }: RouteContext,
): void {
  for (const { nodes, ref, state } of rows)
    if (state === "none" && nodes.total > 0)
      credentials
        .get(ref)
        ?.credential.get({ signal: closing.signal })
        .catch(() => undefined);
}

export const readLedger: Handler = async (request, context) => {
  const { credentials, events, hasLog } = await visibleTo(request, context);
  return answer({ hasLog, ...ledgerOf(credentials, events, context.clock.wallMs()) });
};

export const readConflicts: Handler = async (request, context) => {
  const { events, hasLog } = await visibleTo(request, context);
  return answer({ hasLog, conflicts: evidenceIn(events, context.clock.wallMs()).toReversed() });
};

export const readFleet: Handler = async (request, context) => {
  const { credentials, events, hasLog } = await visibleTo(request, context);
  const generations = new Map(
    credentials.map(({ credential, ref }) => [ref, credential.status().generation]),
  );
  return answer({ hasLog, nodes: fleetOf(events, context.clock.wallMs(), generations) });
};

/** The description of a claim, in durations. */
export interface ClaimInfo extends Pick<ListedClaim, "credential" | "environment" | "node"> {
  readonly sinceAgoMs: number;
  readonly renewedAgoMs: number;
  readonly lapsesInMs: number;
}

export const readClaims: Handler = async (request, context) => {
  await adminOf(request, context);
  if (context.claims === undefined)
    throw new ProblemError({
      status: 422,
      code: "not-supported",
      detail: "This server was not told where the claims are.",
      remedy: "Give tokenServer() a dashboard with the cache of the credentials.",
    });
  const { claims, unreadable } = await context.claims();
  const told = claims.map(
    ({ credential, environment, lapsesAtMs, node, renewedMs, sinceMs, storeNowMs }): ClaimInfo => ({
      credential,
      environment,
      node,
      sinceAgoMs: storeNowMs - sinceMs,
      renewedAgoMs: storeNowMs - renewedMs,
      lapsesInMs: lapsesAtMs - storeNowMs,
    }),
  );
  return answer({ claims: told, unreadable });
};

export const listKeys: Handler = async (request, context) => {
  await adminOf(request, context);
  const nowMs = context.clock.wallMs();
  const keys = (await context.keys.list()).map(({ createdAtMs, revokedAtMs, ...key }) => ({
    ...key,
    createdAgoMs: nowMs - createdAtMs,
    ...(revokedAtMs !== undefined && { revokedAgoMs: nowMs - revokedAtMs }),
  }));
  return answer({ keys });
};

export const revokeKey: Handler = async (request, context, { id = "" }) => {
  const key = await adminOf(request, context);
  await readText(request, bodyLimits(context));
  const isKnown = /^[a-z0-9]{10}$/.test(id) && (await context.keys.revoke(id));
  if (!isKnown)
    throw new ProblemError({
      status: 404,
      code: "unknown-key",
      detail: "There is no server key with this id.",
      remedy: "GET /v1/keys lists them.",
    });
  context.audit.note({ act: "key-revoked", key, ref: "", detail: id });
  return new Response(null, { status: 204, headers: noStore });
};

export const stealDemo: Handler = async (request, context) => {
  const { key } = await callerOf(request, context);
  if (!key.rights.includes("read")) throw forbidden("read");
  await readText(request, bodyLimits(context));
  const { demo } = context;
  if (demo === undefined)
    throw new ProblemError({
      status: 422,
      code: "not-supported",
      detail: "This server has no simulated credential.",
      remedy: "Start `npm run demo -- --serve`.",
    });
  credentialFor(key, ["read"], demo.ref, context);
  await demo.steal();
  return new Response(null, { status: 204, headers: noStore });
};

async function visibleTo(request: Request, context: RouteContext): Promise<Visible> {
  const { key } = await callerOf(request, context);
  if (!key.rights.includes("read")) throw forbidden("read");
  const credentials = [...context.credentials.values()].filter(({ ref }) =>
    hasRight(key, "read", ref),
  );
  const events = await context.view.events();
  const visible = (events ?? []).filter(({ ref }) => hasRight(key, "read", ref));
  return { key, credentials, events: visible, hasLog: events !== undefined };
}

/** Data of all references needs a key with the right to all of them. */
async function adminOf(request: Request, context: RouteContext): Promise<KeyRecord> {
  const { key } = await callerOf(request, context);
  if (hasRight(key, "admin", undefined) && key.refs.includes("*")) return key;
  throw forbidden("admin");
}

function answer(body: object): Response {
  return Response.json(body, { headers: noStore });
}
