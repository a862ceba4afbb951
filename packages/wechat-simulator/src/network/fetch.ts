/** A `fetch` without sockets, over any function that answers requests. */
import type { Arrival } from "./delivery.ts";

type Fetch = typeof fetch;

/**
 * Behaves as the global `fetch`: an abort takes effect at once (the delivery itself completes), and
 * a broken connection is a `TypeError`. A redirect is a `TypeError` too, unless `redirect` is
 * `"manual"`, because there is no other host.
 */
export function fetchOver(handle: (request: Request) => Promise<Arrival<Response>>): Fetch {
  /**
   * A request is notified of its caller's abort only while something references it, because Node
   * ties the two signals weakly.
   */
  const held = new Set<Request>();

  const travel = async (request: Request): Promise<Response> => {
    const { signal } = request;
    signal.throwIfAborted();
    const arrival = await abortable(handle(request), signal);
    if (arrival.kind === "silence") return abortable(new Promise<never>(() => {}), signal);
    if (arrival.kind === "reset") throw failure("ECONNRESET", "the connection was reset");
    if (arrival.kind === "no-tunnel")
      throw failure(
        "UND_ERR_ABORTED",
        `Proxy response (${arrival.status}) !== 200 when HTTP Tunneling`,
      );
    const { reply } = arrival;
    const isRedirect = reply.status >= 300 && reply.status <= 399;
    if (isRedirect && request.redirect !== "manual")
      throw failure("ERR_REDIRECT", "unexpected redirect");
    return reply;
  };

  return async (input, init) => {
    const request = new Request(input, init);
    held.add(request);
    try {
      return await travel(request);
    } finally {
      held.delete(request);
    }
  };
}

/** The error of Node's `fetch`, with its cause's code. */
function failure(code: string, message: string): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(message), { code }) });
}

function abortable<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
