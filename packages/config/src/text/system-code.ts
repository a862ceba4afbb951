/** The code of an error of the system, as `ENOENT`; undefined when it has none. */
export function systemCodeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
