/** Checks that a request with a session's cookie comes from this server's own page. */
import { ProblemError } from "../http/problem.ts";

/**
 * No form can send this header, and no script of another site without a CORS permission, which the
 * server never gives.
 */
export const pageHeader = "lingpai-page";

/**
 * Three independent signs, each enough in a browser that supports it: a header of the page's own,
 * `Origin` (RFC 6454), and `Sec-Fetch-Site`.
 *
 * @throws {ProblemError} 403 `cross-site`.
 */
export function requireSameOrigin(request: Request): void {
  const { headers, url } = request;
  const site = headers.get("sec-fetch-site");
  const isOwnSite = site === null || site === "same-origin";
  // The scheme may differ behind a proxy that terminates TLS.
  const isOwnHost = hostOf(headers.get("origin")) === new URL(url).host;
  if (headers.get(pageHeader) === "1" && isOwnSite && isOwnHost) return;
  throw new ProblemError({
    status: 403,
    code: "cross-site",
    detail: "A request with a session must come from the dashboard's own page.",
    remedy: "Use a server key in the Authorization header. Behind a proxy, keep the Host header.",
  });
}

function hostOf(origin: string | null): string | undefined {
  return origin !== null && URL.canParse(origin) ? new URL(origin).host : undefined;
}
