/** Whether this replica lives, whether it can answer, and its metrics, which alone need a key. */
import { noStore } from "../http/no-store.ts";
import { hasRight } from "../keys/key-rights.ts";
import { ProblemError } from "../http/problem.ts";
import { forbidden, keyOf } from "./authorize.ts";
import type { Handler } from "./route.ts";

const headers = { "cache-control": "no-store" };

export const healthz: Handler = async () => Response.json({ ok: true }, { headers });

/** Not ready while it closes, and until the keys have been read once. */
export const readyz: Handler = async (_request, { closing, keys }) => {
  const isReady = !closing.isClosed && (await keys.ready());
  return Response.json({ ready: isReady }, { status: isReady ? 200 : 503, headers });
};

/** Labels name credentials and nodes, so the key must have the right to read all of them. */
export const metricsText: Handler = async (request, context) => {
  const key = await keyOf(request, context);
  if (!hasRight(key, "read", undefined) || !key.refs.includes("*")) throw forbidden("read");
  if (context.metrics === undefined)
    throw new ProblemError({
      status: 404,
      code: "not-found",
      detail: "This server has no metrics.",
      remedy: "Give tokenServer() the option metrics.",
    });
  const text = await context.metrics();
  return new Response(text, {
    headers: { ...noStore, "content-type": "text/plain; version=0.0.4; charset=utf-8" },
  });
};
