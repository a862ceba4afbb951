/** Returns the code of a system error, such as `ENOENT`, or undefined. */
export function systemCodeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
