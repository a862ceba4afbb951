/** The end of a wait: what a caller is told when there is no credential, and who stops waiting. */
import { CredentialUnavailableError } from "@lingpai/core";
import type { ServerAnswer } from "./server-call.ts";

const retryMs = 1_000;

export function unavailable(id: string, answer: ServerAnswer): CredentialUnavailableError {
  const { detail, isFinal, retryAfterMs } =
    answer.kind === "failed"
      ? answer
      : { detail: "it has no credential", isFinal: false, retryAfterMs: 0 };
  const remedy = isFinal
    ? "Look at the server key, its rights and the reference."
    : "It is asked again.";
  return new CredentialUnavailableError(
    `The token server gave no credential "${id}": ${detail}. ${remedy}`,
    { reason: isFinal ? "refused" : "wait", retryAfterMs: Math.max(retryAfterMs, retryMs) },
  );
}

/** Settles as the work does, or with the signal's reason. The work goes on for others. */
export function until<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  return Promise.race([work, promise]).finally(() => signal.removeEventListener("abort", onAbort));
}
