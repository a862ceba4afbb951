/** The routes for signing in with a server key, for people with a browser. */
import { z } from "zod";
import { readJson } from "../http/read-body.ts";
import { noStore } from "../http/no-store.ts";
import { ProblemError } from "../http/problem.ts";
import type { KeyRecord } from "../keys/key-document.ts";
import { requireSameOrigin } from "../sessions/same-origin.ts";
import { sessionMs } from "../sessions/session-store.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { bodyLimits } from "./body-limits.ts";
import { callerOf, countRequest, unauthorized } from "./authorize.ts";
import type { RouteContext } from "./context.ts";
import type { Handler } from "./route.ts";

/** The data of the signed-in person for the page. */
export interface SessionInfo {
  readonly name: string;
  readonly rights: readonly string[];
  readonly refs: readonly string[];
  readonly endsInMs: number;
  /** The simulated credential for demonstrations. */
  readonly demo?: string;
  /** Present while the store does not answer: the replica remembers the session. */
  readonly degraded?: "store";
}

const signingIn = z.object({ key: z.string().max(200) });

export const signIn: Handler = async (request, context) => {
  const sessions = sessionsOf(context);
  requireSameOrigin(request);
  const { key: text } = await readJson(request, signingIn, bodyLimits(context));
  const key = await context.keys.verify(text);
  if (key === undefined) throw unauthorized("The server key is not valid.");
  countRequest(key, context);
  countSignIn(key, context);
  const cookie = await sessions.open(request, key);
  context.audit.note({ act: "signed-in", key, ref: "" });
  return Response.json(infoOf(key, sessionMs, context), {
    headers: { ...noStore, "set-cookie": cookie },
  });
};

/** Twenty at once, then one in five seconds: each lies in the store for twelve hours. */
function countSignIn({ id }: KeyRecord, { rates }: RouteContext): void {
  const retryAfterMs = rates.take(`sign-in ${id}`, 0.2, 20);
  if (retryAfterMs === 0) return;
  throw new ProblemError({
    status: 429,
    code: "too-many-requests",
    detail: "Too many have signed in with this key on this replica.",
    remedy: "Ask again after Retry-After, or give each person a key.",
    obstacle: "rate-limit",
    retryAfterMs,
  });
}

/** 204 if nobody has signed in. A 401 would be logged as an error by browsers. */
export const readSession: Handler = async (request, context) => {
  const sessions = sessionsOf(context);
  const isKeyed = request.headers.has("authorization");
  if (!isKeyed && (await sessions.find(request)) === undefined)
    return new Response(null, { status: 204, headers: noStore });
  const { key, session } = await callerOf(request, context);
  const info: SessionInfo = {
    ...infoOf(key, session?.endsInMs ?? 0, context),
    ...(session?.isRemembered === true && { degraded: "store" }),
  };
  return Response.json(info, { headers: noStore });
};

export const signOut: Handler = async (request, context) => {
  const sessions = sessionsOf(context);
  const { key, session } = await callerOf(request, context);
  if (session === undefined) return new Response(null, { status: 204, headers: noStore });
  const cookie = await sessions.end(request, session);
  context.audit.note({ act: "signed-out", key, ref: "" });
  return new Response(null, { status: 204, headers: { ...noStore, "set-cookie": cookie } });
};

function infoOf(
  { name, refs, rights }: KeyRecord,
  endsInMs: number,
  { demo }: RouteContext,
): SessionInfo {
  return { name, rights, refs, endsInMs, ...(demo !== undefined && { demo: demo.ref }) };
}

function sessionsOf({ sessions }: RouteContext): Sessions {
  if (sessions !== undefined) return sessions;
  throw new ProblemError({
    status: 422,
    code: "not-supported",
    detail: "This server has no dashboard, and so no sessions.",
    remedy: "Send a server key in the Authorization header, or give tokenServer() a dashboard.",
  });
}
