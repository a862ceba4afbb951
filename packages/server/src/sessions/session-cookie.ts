/** The cookie of a session. Scripts cannot read it, and no other site sends it. */

/** Browsers accept `__Host-` only with `Secure`, for the whole host and without `Domain`. */
function nameOf(isSecure: boolean): string {
  return isSecure ? "__Host-lingpai" : "lingpai-session";
}

const attributes = "Path=/; HttpOnly; SameSite=Strict";

export function setCookie(token: string, maxAgeMs: number, isSecure: boolean): string {
  const age = `Max-Age=${Math.floor(maxAgeMs / 1_000)}`;
  return `${nameOf(isSecure)}=${token}; ${age}; ${attributes}${isSecure ? "; Secure" : ""}`;
}

export function clearCookie(isSecure: boolean): string {
  return setCookie("", 0, isSecure);
}

/**
 * Returns the token in a request, if it has the form of one. A repeated cookie counts as missing.
 */
export function tokenIn(request: Request, isSecure: boolean): string | undefined {
  const header = request.headers.get("cookie");
  if (header === null || header.length > 8_192) return undefined;
  const prefix = `${nameOf(isSecure)}=`;
  const found = header
    .split(";")
    .map((part) => part.trim())
    .filter((part) => part.startsWith(prefix));
  const [text = ""] = found;
  const token = text.slice(prefix.length);
  return found.length === 1 && /^[A-Za-z0-9_-]{43}$/.test(token) ? token : undefined;
}
