/**
 * How a service in any language reports a token that the platform refused: one Redis command, on a
 * key that the token itself names.
 */
import { createHash } from "node:crypto";
import { ConfigurationError } from "@lingpai/core";

const prefix = "lingpai:refused:";

/**
 * What stands in the key after the platform called the token alive: until it lapses, reports with
 * NX are dropped by Redis.
 */
export const foundAlive = "alive";

/**
 * The key under which this token is reported: `lingpai:refused:` and the SHA-256 of its text, in
 * lowercase hexadecimal digits. A service that was answered 40001, 40014 or 42001 sets it to that
 * code, if it is not there, for 10 s: `SET lingpai:refused:<hash> 40001 NX EX 10`.
 *
 * A plain hash suffices, and needs no key that all services would have to share: a token has at
 * least 512 random bits, which nobody finds by trying. A report is no proof. The platform is asked
 * before anything is replaced, so a false one costs one question; one about a token that has been
 * replaced is read by nobody.
 */
export function refusedTokenKey(token: string): string {
  if (typeof token !== "string")
    throw new ConfigurationError(`The token must be a text, not ${typeof token}.`);
  return prefix + hashOf(token);
}

/** The key whose holder asks the platform about this token, for all nodes. */
export function probeTurnKey(token: string): string {
  return `lingpai:probed:${hashOf(token)}`;
}

/**
 * The platform's code in a report; undefined where it is something else, which counts as a report
 * all the same.
 */
export function codeIn(report: string): string | undefined {
  return /^\d{5,6}$/.test(report) ? report : undefined;
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
