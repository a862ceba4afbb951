/** The error for a caller when there is no credential. */
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
