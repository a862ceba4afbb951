/** Stores a credential obtained without the issuer, from an authorisation code for example. */
import { ConfigurationError } from "../errors.ts";
import type { Issued } from "../issuer.ts";
import { labelOf } from "../fleet/adoption.ts";

import type { Context } from "../fleet/context.ts";
import type { FleetNode } from "../fleet/node.ts";
import {
  isIssueError,
  secretLengthMax,
  validated,
  type IssuedSecrets,
} from "../leader/issuer-call.ts";
import type { DocumentSource } from "../fleet/document-source.ts";

/** The longest life of a credential. An older one has expired. */
const ageMaxMs = 366 * 86_400_000;

/**
 * Resolves when the store has it, and this process hands out what is stored.
 *
 * @throws {ConfigurationError} the age is not a number of ms, or longer than the longest life.
 */
export async function seed(
  node: FleetNode,
  source: DocumentSource,
  given: Issued,
  ageMs = 0,
): Promise<void> {
  const { context, storeClock, local } = node;
  const { bus, clock, environment, random } = context;
  if (!(ageMs >= 0 && ageMs <= ageMaxMs))
    throw new ConfigurationError(
      `ageMs must be a number of ms from 0 to 366 days, not ${String(ageMs)}.`,
    );
  const startedMs = clock.monotonicMs();
  const { secret, expiresInMs, nextInput } = validSeed(context, given);
  const snapshot = await source.read();
  const sentAtMs = storeClock.nowMs() - Math.ceil(ageMs);
  const issued = {
    secret: secret.reveal(),
    ...(nextInput === undefined ? {} : { nextInput: nextInput.reveal() }),
    fingerprint: secret.fingerprint,
    sentAtMs,
    issuedAtMs: sentAtMs,
    expiresAtMs: sentAtMs + expiresInMs,
    by: { node: context.node, environment, reason: "manual" },
  } as const;
  const event = { type: "seed", operationId: random.id(), outcomeId: random.id(), issued } as const;
  const applied = await source.document.apply(event, { from: snapshot });
  const { state } = applied.snapshot;
  // The reducer stores every seed; its types do not say so.
  if (state?.credential === undefined) return;
  const { credential } = state;
  local.adopt(state, credential);
  bus.emit("refreshed", {
    ...labelOf(credential),
    reason: "manual",
    durationMs: clock.monotonicMs() - startedMs,
    remainingMs: expiresInMs,
    unchanged: false,
  });
}

/** @throws {ConfigurationError} what was given is no credential. */
function validSeed(context: Context, given: Issued): IssuedSecrets {
  try {
    return validated(context, given);
  } catch (error) {
    if (!isIssueError(error)) throw error;
    throw new ConfigurationError(
      `seed() was given no credential for "${context.issuer.id}". One has a secret and perhaps a nextInput, texts of at most ${secretLengthMax} characters, the secret of visible ASCII characters, and expiresInMs from 1 to 366 days in ms.`,
    );
  }
}
