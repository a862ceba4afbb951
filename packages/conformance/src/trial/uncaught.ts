/**
 * The errors that nobody caught while the suite ran. They would have ended the process, so the
 * suite collects them for its clauses.
 */
export interface UncaughtLog {
  readonly errors: readonly unknown[];
  stop(): void;
}

export function watchUncaught(): UncaughtLog {
  const errors: unknown[] = [];
  const note = (error: unknown): void => {
    errors.push(error);
  };
  process.on("unhandledRejection", note);
  process.on("uncaughtException", note);
  return {
    errors,
    stop() {
      process.off("unhandledRejection", note);
      process.off("uncaughtException", note);
    },
  };
}
