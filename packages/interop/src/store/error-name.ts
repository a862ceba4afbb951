/** Names an error without quoting it. */

/**
 * Returns the class and the code of an error. It leaves the text out, because a driver's text may
 * quote the command, and with it the key and the token.
 */
export function errorName(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const code = "code" in error && typeof error.code === "string" ? ` ${error.code}` : "";
  return `${error.name}${code}`;
}
