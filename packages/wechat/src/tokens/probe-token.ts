/** Asks the platform, at no cost, if a token is alive. */
import { waitFor } from "@lingpai/core";
import type { Secret } from "@lingpai/core";
import { parseFields, readBody, refusalIn } from "../transport/platform-answer.ts";
import { classify } from "../errors/classify.ts";
import type { Platform } from "../transport/platform.ts";

/**
 * Calls `getcallbackip`, which has no side effect. Returns `dead` only if the platform says so, and
 * `unknown` for every other refusal or failure. Never throws.
 */
export async function probeToken(
  platform: Platform,
  token: Secret,
  signal: AbortSignal,
): Promise<"alive" | "dead" | "unknown"> {
  try {
    const query = new URLSearchParams({ access_token: token.reveal() });
    const url = `${platform.baseUrl}/cgi-bin/getcallbackip?${query}`;
    const response = await waitFor(
      platform.fetch(url, { method: "GET", redirect: "error", signal }),
      { signals: [signal] },
    );
    const fields = parseFields(await readBody(response, signal));
    const refusal = refusalIn(fields, [token.reveal()]);
    if (refusal !== undefined)
      return classify("business", refusal.errcode, platform.table).action === "reject"
        ? "dead"
        : "unknown";
    return response.status === 200 && Array.isArray(fields.get("ip_list")) ? "alive" : "unknown";
  } catch {
    return "unknown";
  }
}
