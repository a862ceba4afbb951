/** Whether this replica lives, and whether it can answer. Both need no key. */
import type { Handler } from "./route.ts";

const headers = { "cache-control": "no-store" };

export const healthz: Handler = async () => Response.json({ ok: true }, { headers });

/** Not ready while it closes, and until the keys have been read once. */
export const readyz: Handler = async (_request, { closing, keys }) => {
  const isReady = !closing.aborted && (await keys.ready());
  return Response.json({ ready: isReady }, { status: isReady ? 200 : 503, headers });
};
