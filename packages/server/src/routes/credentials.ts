/** The routes of one credential, and the list of all. */
import { Secret } from "@lingpai/core";
import { z } from "zod";
import { summaryOf, viewOf } from "../credentials/served-credential.ts";
import type { CredentialView, Served } from "../credentials/served-credential.ts";
import { logEvent } from "../events/credential-events.ts";
import { noStore } from "../http/no-store.ts";
import { ProblemError } from "../http/problem.ts";
import { badRequest, readJson, readText } from "../http/read-body.ts";
import { hasRight } from "../keys/key-rights.ts";
import type { KeyRecord } from "../keys/key-document.ts";
import {
  callerOf,
  credentialFor,
  forbidden,
  keyGone,
  keyOf,
  lasting,
  placeFor,
} from "./authorize.ts";
import { bodyLimits } from "./body-limits.ts";
import type { RouteContext } from "./context.ts";
import type { Handler } from "./route.ts";

const waitMaxMs = 55_000;

export const readCredential: Handler = async (request, context, { ref = "" }) => {
  const key = await keyOf(request, context);
  const found = credentialFor(key, ["read"], ref, context);
  const known = etagsOf(request.headers.get("if-none-match"));
  const waitMs = waitOf(request.url);
  let view = await viewOf(found, request);
  if (known.has(view.commitId) && waitMs > 0) {
    await waitForCommit(request, { key, found, commitId: view.commitId, waitMs }, context);
    view = await viewOf(found, request);
  }
  const isSame = known.has(view.commitId);
  if (!isSame) note(context, "handed-out", key, view);
  if (!isSame) return respond(view);
  // A replica that stops ends its long polls. Their callers ask again, and reach another replica if
  // there is one.
  const hint = waitMs > 0 && context.closing.isClosed ? { "retry-after": "1" } : {};
  return new Response(null, { status: 304, headers: { ...headersOf(view), ...hint } });
};

interface Wait {
  readonly key: KeyRecord;
  readonly found: Served;
  readonly commitId: string;
  readonly waitMs: number;
}

async function waitForCommit(
  request: Request,
  { key, found, commitId, waitMs }: Wait,
  context: RouteContext,
): Promise<void> {
  const leave = placeFor("waits", key, context);
  const until = lasting(request, { key }, context);
  try {
    await found.waiters.changed(commitId, waitMs, until.signal);
  } finally {
    until.release();
    leave();
  }
  if (until.isKeyGone) throw keyGone();
}

const rejection = z.object({
  fingerprint: z.string().regex(/^[A-Za-z0-9_-]{16}$/),
  code: z
    .union([z.string().regex(/^-?\d{1,10}$/), z.number().int()])
    .transform(String)
    .optional(),
  doubtful: z.boolean().optional(),
});

/** The response contains the replacement, so the right to read is needed too. */
export const rejectCredential: Handler = async (request, context, { ref = "" }) => {
  const key = await keyOf(request, context);
  const found = credentialFor(key, ["reject", "read"], ref, context);
  const body = await readJson(request, rejection, bodyLimits(context));
  const result = await found.credential.reject(new Secret("", body.fingerprint), {
    signal: request.signal,
    ...(body.code !== undefined && { platformCode: body.code }),
    ...(body.doubtful !== undefined && { doubtful: body.doubtful }),
  });
  const view = await viewOf(found, request);
  // The audit logs the number of unknown fingerprints, not their text.
  const isKnown = result.replaced ? result.wasReplaced !== true : true;
  const told = isKnown ? { fingerprint: body.fingerprint, detail: body.code ?? "" } : {};
  context.audit.note({ act: "rejected", key, ref, ...told });
  note(context, "handed-out", key, view);
  const wasReplaced = result.replaced && result.wasReplaced === true;
  return respond(view, { replaced: result.replaced, wasReplaced });
};

/** A session gets no secret. It gets 204 instead. */
export const refreshCredential: Handler = async (request, context, { ref = "" }) => {
  const { key, session } = await callerOf(request, context);
  const found = credentialFor(key, ["refresh", "read"], ref, context);
  await readText(request, bodyLimits(context));
  await found.credential.refresh({ signal: request.signal });
  const view = await viewOf(found, request);
  note(context, "refreshed", key, view);
  return session === undefined
    ? respond(view)
    : new Response(null, { status: 204, headers: noStore });
};

export const revokeCredential: Handler = async (request, context, { ref = "" }) => {
  const { key } = await callerOf(request, context);
  const { revoke } = credentialFor(key, ["revoke"], ref, context);
  await readText(request, bodyLimits(context));
  if (revoke === undefined)
    throw new ProblemError({
      status: 422,
      code: "not-supported",
      detail: "The platform of this credential cannot revoke it.",
      remedy: "Refresh it, which retires it after the platform's overlap.",
    });
  await revoke({ signal: request.signal });
  context.audit.note({ act: "revoked", key, ref });
  logEvent(context.log, ref, { type: "revoked", key: key.id, name: key.name });
  return new Response(null, { status: 204, headers: noStore });
};

const seeding = z.object({
  secret: z.string().regex(/^[\x21-\x7e]{1,16384}$/),
  expiresInMs: z.number().int().positive(),
  nextInput: z.string().min(1).max(16_384).optional(),
  ageMs: z.number().int().nonnegative().optional(),
});

export const seedCredential: Handler = async (request, context, { ref = "" }) => {
  const key = await keyOf(request, context);
  const { credential } = credentialFor(key, ["admin"], ref, context);
  const limits = { ...bodyLimits(context), bytesMax: 64 * 1_024 };
  const { ageMs = 0, nextInput, ...issued } = await readJson(request, seeding, limits);
  const whole = nextInput === undefined ? issued : { ...issued, nextInput };
  const { fingerprint } = await credential.seed(whole, { ageMs, signal: request.signal });
  context.audit.note({ act: "seeded", key, ref, fingerprint });
  return new Response(null, { status: 204, headers: noStore });
};

const pageMax = 200;

/** This replica's own knowledge: no secrets, and no I/O. */
export const listCredentials: Handler = async (request, context) => {
  const { key } = await callerOf(request, context);
  if (!key.rights.includes("read")) throw forbidden("read");
  const query = new URL(request.url).searchParams;
  const after = cursorOf(query.get("cursor"));
  const wanted = query.get("state");
  const limit = Math.min(pageMax, Math.max(1, Number(query.get("limit") ?? pageMax) || pageMax));
  const rest = [...context.credentials.keys()]
    .filter((ref) => hasRight(key, "read", ref) && (after === undefined || ref > after))
    .toSorted((a, b) => (a < b ? -1 : 1));
  const listed = [];
  let next: string | undefined;
  for (const ref of rest) {
    const summary = summaryOf(context.credentials.get(ref)!);
    if (wanted !== null && summary.state !== wanted) continue;
    if (listed.length >= limit) {
      next = listed.at(-1)?.ref;
      break;
    }
    listed.push(summary);
  }
  const cursor = next === undefined ? undefined : Buffer.from(next).toString("base64url");
  return Response.json(
    { credentials: listed, ...(cursor !== undefined && { cursor }) },
    { headers: noStore },
  );
};

function cursorOf(text: string | null): string | undefined {
  if (text === null) return undefined;
  if (!/^[A-Za-z0-9_-]{1,6000}$/.test(text)) throw badRequest("The cursor is none of this server.");
  return Buffer.from(text, "base64url").toString();
}

function respond(view: CredentialView, more: object = {}): Response {
  const { ref: _ref, ...body } = view;
  const headers = { ...headersOf(view), "content-type": "application/json" };
  // Not Response.json, whose Headers cost as much as all the rest of an answer.
  return new Response(JSON.stringify({ ...body, ...more }), { headers });
}

function headersOf({
  commitId,
  expiresInMs,
  renewsInMs,
  state,
}: CredentialView): Record<string, string> {
  return {
    ...noStore,
    etag: `"${commitId}"`,
    "lingpai-expires-in-ms": String(expiresInMs),
    "lingpai-renews-in-ms": String(renewsInMs),
    "lingpai-state": state,
  };
}

function note(
  { audit }: RouteContext,
  act: "handed-out" | "refreshed",
  key: KeyRecord,
  { ref, fingerprint }: CredentialView,
): void {
  audit.note({ act, key, ref, fingerprint });
}

/** Invalid values are ignored. */
function etagsOf(header: string | null): ReadonlySet<string> {
  if (header === null || header.length > 1_024) return new Set();
  return new Set([...header.matchAll(/(?:W\/)?"([A-Za-z0-9_-]{1,64})"/g)].map(([, id = ""]) => id));
}

/** In ms, at most 55 s. Invalid values become 0. */
function waitOf(url: string): number {
  const text = url.includes("?") ? new URL(url).searchParams.get("wait") : null;
  if (text === null || !/^\d{1,9}$/.test(text)) return 0;
  return Math.min(waitMaxMs, Number(text) * 1_000);
}
