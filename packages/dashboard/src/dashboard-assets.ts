/** Serves the page's files. */
import { gzipSync } from "node:zlib";
import { assets } from "./assets.ts";
import type { Asset } from "./asset.ts";

/**
 * Answers requests for the page and its files. Returns undefined for all others, which the server
 * answers. The page holds no secret: it signs in with a server key, and then sends a cookie that it
 * cannot read.
 */
export type AssetHandler = (request: Request) => Response | undefined;

/** All content comes from this server: no inline script or style, no other host, no frame. */
const policy = [
  "default-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join("; ");

const security = {
  "content-security-policy": policy,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

interface Served {
  readonly asset: Asset;
  gzip: Uint8Array<ArrayBuffer> | undefined;
}

export function dashboardAssets(): AssetHandler {
  const served = new Map(
    assets().map((asset): [string, Served] => [asset.path, { asset, gzip: undefined }]),
  );
  return (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") return undefined;
    const found = served.get(new URL(request.url).pathname);
    if (found === undefined) return undefined;
    const { asset } = found;
    const isGzip = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
    if (isGzip) found.gzip ??= new Uint8Array(gzipSync(asset.text));
    const body = isGzip ? found.gzip : asset.text;
    return new Response(request.method === "HEAD" ? null : (body ?? null), {
      headers: {
        ...security,
        "content-type": asset.type,
        // The names of all files except the page itself contain their hashes.
        "cache-control": asset.path === "/" ? "no-cache" : "public, max-age=31536000, immutable",
        vary: "accept-encoding",
        ...(isGzip && { "content-encoding": "gzip" }),
      },
    });
  };
}
