/** The routes of events: live as server-sent events, and as pages of the log. */
import { eventStream } from "../events/event-stream.ts";
import { auditStream, lifeStream } from "../events/streams.ts";
import { noStore } from "../http/no-store.ts";
import { badRequest } from "../http/read-body.ts";
import { hasRight } from "../keys/key-rights.ts";
import { callerOf, credentialFor, forbidden, lasting, placeFor } from "./authorize.ts";
import type { Handler } from "./route.ts";

const heartbeatMs = 15_000;
const bufferMax = 256;
const streamHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  ...noStore,
  "cache-control": "no-store, no-transform",
  // Tells nginx and similar proxies not to buffer the events.
  "x-accel-buffering": "no",
};

/**
 * Without `Last-Event-ID` (or `after`, for a first connection) it starts with the next event. A key
 * gets the events of the credentials that it may read.
 */
export const followEvents: Handler = async (request, context) => {
  const { clock, hub } = context;
  const { key, session } = await callerOf(request, context);
  if (!key.rights.includes("read")) throw forbidden("read");
  const query = new URL(request.url).searchParams;
  const only = query.get("ref") ?? undefined;
  if (only !== undefined) credentialFor(key, ["read"], only, context);
  // Without this, nothing would end a stream whose reader is gone.
  if (request.method === "HEAD") return new Response(null, { headers: streamHeaders });
  const leave = placeFor("streams", key, context);
  const until = lasting(request, { key, session }, context);
  const stream = eventStream({ bufferMax, clock, heartbeatMs, onEnd: () => ended.abort() });
  const ended = new AbortController();
  ended.signal.addEventListener(
    "abort",
    () => {
      until.release();
      leave();
    },
    { once: true },
  );
  until.signal.addEventListener("abort", () => stream.end(), { once: true });
  const after = request.headers.get("last-event-id") ?? query.get("after") ?? undefined;
  // The response begins at once. An unreadable log ends it, and the reader reconnects.
  hub
    .listen(
      after,
      {
        room: () => stream.room(),
        receive(entry) {
          const ref = entry.kind === "event" ? String(entry.event["ref"]) : undefined;
          const isFor = ref === undefined || (only ?? ref) === ref;
          if (isFor && (ref === undefined || hasRight(key, "read", ref))) stream.send(entry);
        },
      },
      ended.signal,
    )
    .catch(() => stream.end());
  if (until.signal.aborted) stream.end();
  return new Response(stream.body, { headers: streamHeaders });
};

export const lifeLine: Handler = async (request, context, { ref = "" }) => {
  const { key } = await callerOf(request, context);
  credentialFor(key, ["read"], ref, context);
  return page(request, context.log, lifeStream(ref));
};

export const auditTrail: Handler = async (request, context) => {
  const { key } = await callerOf(request, context);
  if (!hasRight(key, "admin", undefined) || !key.refs.includes("*")) throw forbidden("admin");
  return page(request, context.log, auditStream);
};

async function page(
  request: Request,
  log: Parameters<Handler>[1]["log"],
  stream: string,
): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const limit = Number(query.get("limit") ?? "500");
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > 1_000)
    throw badRequest("limit is a whole number from 1 to 1000.");
  const read = await log.read(stream, { after: query.get("after") ?? undefined, limit });
  return Response.json(read, { headers: noStore });
}
