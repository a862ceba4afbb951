/**
 * The report of a refused token. A service in any language writes it with one Redis command, to a
 * key that is derived from the token.
 */
import { createHash } from "node:crypto";
import { ConfigurationError } from "@lingpai/core";

const prefix = "lingpai:refused:";

/**
 * The value of the key after the platform called the token alive. Until the key lapses, Redis drops
 * further reports, because they use NX.
 */
export const foundAlive = "alive";

/**
 * Returns the key under which this token is reported: `lingpai:refused:` and the SHA-256 of its
 * text, in lowercase hexadecimal digits. A service that gets 40001, 40014 or 42001 sets it to that
 * code for 10 s, if it is absent: `SET lingpai:refused:<hash> 40001 NX EX 10`.
 *
 * A plain hash suffices, so the services need to share no secret: a token has at least 512 random
 * bits, which nobody finds by trying. A report proves nothing. The platform is asked before
 * anything is replaced, so a false report costs one probe. Nobody reads a report of a replaced
 * token.
 */
export function refusedTokenKey(token: string): string {
  if (typeof token !== "string")
    throw new ConfigurationError(`The token must be a text, not ${typeof token}.`);
  return prefix + hashOf(token);
}

/** Returns the key whose holder probes this token for all nodes. */
export function probeTurnKey(token: string): string {
  return `lingpai:probed:${hashOf(token)}`;
}

/**
 * Returns the platform's code in a report, or undefined. A report without a code is a report too.
 */
export function codeIn(report: string): string | undefined {
  return /^\d{5,6}$/.test(report) ? report : undefined;
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
