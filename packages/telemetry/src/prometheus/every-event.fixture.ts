import { channel, tracingChannel } from "node:diagnostics_channel";
import { eventChannelName, getChannelName, measurementChannelName } from "@lingpai/core";
import type { CredentialEvent, EventData, EventType, Measurement, TracedGet } from "@lingpai/core";

const context = { credential: "test:plain:wx1", environment: "production", node: "node-1" };
const label = { generation: 3, epoch: 4, fingerprint: "01234567" };
const failed = {
  reason: "expired",
  errorCode: "ISSUE_FAILED",
  platformCode: "-1",
  durationMs: 120,
} as const;

/** One event of each type, with the fields of a real one. */
export const everyEvent: { readonly [Type in EventType]: EventData[Type] } = {
  refreshed: { ...label, reason: "cold", durationMs: 80, remainingMs: 7_200_000, unchanged: false },
  "age-unknown": { ...label, confirmMs: 60_000 },
  adopted: {
    ...label,
    remainingMs: 7_000_000,
    byNode: "node-2",
    byEnvironment: "production",
    reason: "cold",
    lagMs: 12,
  },
  "kept-stale": { ...label, remainingMs: 200_000, cause: "platform", errorCode: "ISSUE_FAILED" },
  rejected: { fingerprint: "01234567", verdict: "current", generation: 3, platformCode: "40001" },
  "refresh-failed": { ...failed, outcome: "unknown", failures: 1, retryAfterMs: 1_000 },
  "refused-fatally": failed,
  "in-doubt": { cause: "unknown-outcome", epoch: 4, generation: 3, singleUseInput: true },
  reconciled: { ...label, durationMs: 90, doubtMs: 2_000 },
  "lock-lost": { reason: "expired", epoch: 4, phase: "after-send", heldMs: 20_000 },
  "commit-superseded": { epoch: 4, fingerprint: "01234567", durationMs: 70 },
  contended: {
    state: "confirmed",
    count: 2,
    ageMs: 1_000,
    remainingMs: 7_000_000,
    fingerprint: "01234567",
    remedy: "Use the stable token.",
  },
  switched: { to: "fallback", cause: "contended", issuer: "test:stable:wx1" },
  "claim-conflicted": { claimedBy: "staging", action: "error" },
  reset: { generation: 3, fingerprint: "01234567" },
  "store-regressed": { ...label, storedGeneration: 2 },
  repaired: { ...label, remainingMs: 6_000_000 },
  "unsealed-and-traced": { channels: "ioredis:command" },
  "store-unavailable": { reason: "timeout", operation: "get" },
  "store-recovered": { downMs: 4_000 },
  "quota-threshold": { used: 1_600, perDay: 2_000, percent: 80, resetsInMs: 3_600_000 },
  unreadable: { reason: "key-id" },
  "clock-jumped": { where: "node", jumpMs: 5_000 },
  retired: { generation: 2, fingerprint: "76543210", uses: 9, ageMs: 6_300_000 },
  poisoned: { field: "drainMs", valueMs: 1e12, limitMs: 60_000 },
  closed: { uses: 9 },
};

/** One figure of each kind, with the fields that a real one has. */
const everyMeasurement: {
  readonly [Kind in Measurement["kind"]]: Omit<
    Extract<Measurement, { kind: Kind }>,
    keyof typeof context | "kind"
  >;
} = {
  store: { operation: "commit", errorCode: "CACHE_UNAVAILABLE", durationMs: 500 },
  "lock-wait": { outcome: "granted", durationMs: 3 },
  "lock-hold": { outcome: "released", durationMs: 120 },
  quota: { used: 12, perDay: 2_000, resetsInMs: 3_600_000 },
  claims: { conflicts: 1 },
  repeated: { outcome: "busy", errorCode: "-1" },
};

/**
 * Publishes what a process of Lingpai publishes: each event but the last, each figure, and a failed
 * get().
 */
export function publishEveryEvent(): void {
  const events = channel(eventChannelName);
  for (const [type, data] of Object.entries(everyEvent)) {
    if (type !== "closed") events.publish(eventOf(type as EventType, data));
  }
  for (const [kind, figure] of Object.entries(everyMeasurement))
    channel(measurementChannelName).publish({ kind, ...context, ...figure });
  const call: TracedGet = { ...context };
  const calls = tracingChannel<TracedGet>(getChannelName);
  calls.start.publish(call);
  calls.error.publish(Object.assign(call, { error: new Error("no credential") }));
  calls.asyncEnd.publish(call);
}

export function eventOf(type: EventType, data: object): CredentialEvent {
  return { type, ...context, atMs: 0, ...data } as CredentialEvent;
}
