/**
 * Removes the token from whatever a caller may print: the answer's URL, and errors that quote the
 * URL.
 */
import { inspect } from "node:util";
import { redact } from "../errors/redact.ts";
import { transportFailure } from "../transport/transport-failure.ts";

/** Makes the response report the URL that the caller asked for, without the token. */
export function hideTokenInUrl(response: Response, url: URL): Response {
  const clone = response.clone.bind(response);
  Object.defineProperty(response, "url", { value: url.href });
  return Object.defineProperty(response, "clone", { value: () => hideTokenInUrl(clone(), url) });
}

/**
 * Returns the error unchanged, unless it shows the token. Then returns an error of the same kind
 * with the system's code and a text without the token.
 */
export function hideTokenInError(error: unknown, token: string): unknown {
  if (!mentions(error, token)) return error;
  const { code } = transportFailure(error);
  const text = redact(error instanceof Error ? error.message : String(error), [token]);
  const cause =
    code === undefined ? undefined : { cause: Object.assign(new Error(code), { code }) };
  return new TypeError(text, cause);
}

function mentions(error: unknown, token: string): boolean {
  const shown = inspect(error, { depth: 8, showHidden: true, maxStringLength: null });
  return shown.includes(token) || shown.includes(encodeURIComponent(token));
}
