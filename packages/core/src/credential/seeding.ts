/** Stores a credential that came by another way than a request of the issuer's. */
import type { Issued } from "../issuer.ts";
import { labelOf } from "./adoption.ts";
import type { Parts } from "./flight.ts";
import { validated } from "./request.ts";
import type { Source } from "./source.ts";

/** Resolves when the store holds it, and this process hands out what the store holds. */
export async function seed(parts: Parts, source: Source, given: Issued, ageMs = 0): Promise<void> {
  const { setting, storeClock, local, adoption } = parts;
  const { bus, clock, environment, fingerprintOf, issuer, node, random } = setting;
  const startedMs = clock.monotonicMs();
  const { secret, expiresInMs, carry } = validated(given, issuer.id);
  const snapshot = await source.read();
  const sentAtMs = storeClock.nowMs() - Math.ceil(ageMs);
  const issued = {
    secret,
    ...(carry === undefined ? {} : { carry }),
    fingerprint: fingerprintOf(secret),
    sentAtMs,
    issuedAtMs: sentAtMs,
    expiresAtMs: sentAtMs + expiresInMs,
    by: { node, environment, reason: "manual" },
  } as const;
  const event = { type: "seed", operationId: random.id(), outcomeId: random.id(), issued } as const;
  const applied = await source.document.apply(event, { from: snapshot });
  const state = applied?.snapshot.state;
  const held = state?.credential;
  if (applied === undefined || state === undefined || held === undefined) return;
  if (held.commitId !== event.operationId) return adoption.take(applied.snapshot, source.document);
  local.adopt(state, held);
  bus.emit("refreshed", {
    ...labelOf(held),
    reason: "manual",
    durationMs: clock.monotonicMs() - startedMs,
    remainingMs: expiresInMs,
    unchanged: false,
  });
}
