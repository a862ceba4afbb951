/** The table of all instruments, which the code, the documents and the tests read. */
import type { MetricOptions } from "@opentelemetry/api";

export type InstrumentKind =
  | "counter"
  | "histogram"
  | "gauge"
  | "observable counter"
  | "observable up-down counter";

export interface Instrument {
  readonly name: `lingpai.${string}`;
  readonly kind: InstrumentKind;
  /** The UCUM unit: `s`, `1`, or a noun in braces. */
  readonly unit: string;
  readonly description: string;
  /** Besides `lingpai.environment`, which all have, and `lingpai.credential.ref`. */
  readonly attributes: readonly string[];
  /** True: without `lingpai.credential.ref`, which would multiply the series. */
  readonly isOfProcess?: true;
  /** Of a histogram: the upper bounds of its buckets. */
  readonly buckets?: readonly number[];
}

/** From a few round trips within one data centre to the longest wait for a refresh. */
const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40];

type InstrumentKey =
  | "getDuration"
  | "refreshDuration"
  | "fetches"
  | "rejections"
  | "remainingLifetime"
  | "age"
  | "generation"
  | "inDoubt"
  | "staleStarts"
  | "lockWaitDuration"
  | "lockHoldDuration"
  | "lockLosses"
  | "commitConflicts"
  | "storeDuration"
  | "storeRegressions"
  | "storeRepairs"
  | "degradedTime"
  | "quotaUsage"
  | "quotaLimit"
  | "quotaUtilization"
  | "notificationLag"
  | "foreignRefreshes"
  | "claimConflicts"
  | "recordsUnreadable"
  | "recordsOutOfRange"
  | "tracedSecrets"
  | "rotationInDoubt"
  | "clockJump";

export const instruments: Readonly<Record<InstrumentKey, Instrument>> = {
  getDuration: {
    name: "lingpai.get.duration",
    kind: "histogram",
    unit: "s",
    description: "Calls of get() that this process's memory could not serve",
    attributes: ["lingpai.get.source", "error.type"],
    buckets: seconds,
  },
  refreshDuration: {
    name: "lingpai.refresh.duration",
    kind: "histogram",
    unit: "s",
    description: "Refreshes in which this node asked the platform",
    attributes: ["lingpai.refresh.reason", "lingpai.refresh.outcome", "error.type"],
    buckets: seconds,
  },
  fetches: {
    name: "lingpai.provider.fetches",
    kind: "counter",
    unit: "{fetch}",
    description: "Requests for a credential that this node sent, as the platform counts them",
    attributes: ["lingpai.provider.outcome", "error.type"],
  },
  rejections: {
    name: "lingpai.provider.rejections",
    kind: "counter",
    unit: "{rejection}",
    description: "Credentials that the platform refused in a call, as callers reported them",
    attributes: ["lingpai.rejection.code", "lingpai.rejection.verdict"],
  },
  remainingLifetime: {
    name: "lingpai.credential.remaining_lifetime",
    kind: "gauge",
    unit: "s",
    description: "How long this process may still serve its credential; negative after its end",
    attributes: [],
  },
  age: {
    name: "lingpai.credential.age",
    kind: "gauge",
    unit: "s",
    description: "How long ago the credential that this process serves was issued, or first seen",
    attributes: [],
  },
  generation: {
    name: "lingpai.credential.generation",
    kind: "gauge",
    unit: "{generation}",
    description: "The generation that this process serves",
    attributes: [],
  },
  inDoubt: {
    name: "lingpai.credential.in_doubt",
    kind: "observable up-down counter",
    unit: "{credential}",
    description: "1 while this node knows that another credential may be the live one",
    attributes: [],
  },
  staleStarts: {
    name: "lingpai.credential.stale_starts",
    kind: "counter",
    unit: "{start}",
    description: "How often a credential began to be served past the point of its replacement",
    attributes: ["lingpai.stale.cause"],
  },
  lockWaitDuration: {
    name: "lingpai.lock.wait.duration",
    kind: "histogram",
    unit: "s",
    description:
      "From wanting the lease to getting it (granted), to what its holder stored (newer), or in vain (timeout)",
    attributes: ["lingpai.lock.outcome"],
    buckets: seconds,
  },
  lockHoldDuration: {
    name: "lingpai.lock.hold.duration",
    kind: "histogram",
    unit: "s",
    description: "From the grant of a lease to its release, or to the end of work that lost it",
    attributes: ["lingpai.lock.outcome"],
    buckets: seconds,
  },
  lockLosses: {
    name: "lingpai.lock.losses",
    kind: "counter",
    unit: "{loss}",
    description: "Leases that ended while this node refreshed under them",
    attributes: ["lingpai.lock.cause"],
  },
  commitConflicts: {
    name: "lingpai.commit.conflicts",
    kind: "counter",
    unit: "{conflict}",
    description: "Commits that lost to a later one, and outcomes that left a doubt",
    attributes: ["lingpai.conflict.kind"],
  },
  storeDuration: {
    name: "lingpai.store.duration",
    kind: "histogram",
    unit: "s",
    description: "Commands of the store, by what they were for",
    attributes: ["lingpai.store.operation", "error.type"],
    isOfProcess: true,
    buckets: seconds,
  },
  storeRegressions: {
    name: "lingpai.store.regressions",
    kind: "counter",
    unit: "{regression}",
    description: "How often the store came back with less than it had acknowledged",
    attributes: [],
  },
  storeRepairs: {
    name: "lingpai.store.repairs",
    kind: "counter",
    unit: "{repair}",
    description: "How often this node wrote back what the store had lost",
    attributes: [],
  },
  degradedTime: {
    name: "lingpai.degraded.time",
    kind: "observable counter",
    unit: "s",
    description: "How long this process could not reach its store, in all",
    attributes: ["lingpai.degraded.mode"],
  },
  quotaUsage: {
    name: "lingpai.quota.usage",
    kind: "observable up-down counter",
    unit: "{fetch}",
    description: "The day's fetches by the fleet's ledger, when this process last counted one",
    attributes: ["lingpai.quota.window"],
  },
  quotaLimit: {
    name: "lingpai.quota.limit",
    kind: "observable up-down counter",
    unit: "{fetch}",
    description: "The fetches that a day has",
    attributes: ["lingpai.quota.window"],
  },
  quotaUtilization: {
    name: "lingpai.quota.utilization",
    kind: "gauge",
    unit: "1",
    description: "The part of the day's fetches that is used",
    attributes: ["lingpai.quota.window"],
  },
  notificationLag: {
    name: "lingpai.notification.lag",
    kind: "histogram",
    unit: "s",
    description: "From the commit of a credential to its adoption by this node",
    attributes: [],
    buckets: seconds,
  },
  foreignRefreshes: {
    name: "lingpai.foreign_refreshes",
    kind: "counter",
    unit: "{refresh}",
    description: "Credentials that somebody outside the fleet replaced",
    attributes: ["lingpai.foreign.state"],
  },
  claimConflicts: {
    name: "lingpai.claim.conflicts",
    kind: "gauge",
    unit: "{environment}",
    description:
      "Other environments that claim the same credential, as this process read in the last 3 hours",
    attributes: [],
  },
  recordsUnreadable: {
    name: "lingpai.records.unreadable",
    kind: "counter",
    unit: "{record}",
    description: "Stored documents that this process must not use",
    attributes: ["lingpai.record.cause"],
  },
  recordsOutOfRange: {
    name: "lingpai.records.out_of_range",
    kind: "counter",
    unit: "{record}",
    description: "Control fields of stored documents that Lingpai never writes so, and ignored",
    attributes: ["lingpai.record.field"],
  },
  tracedSecrets: {
    name: "lingpai.store.traced_secrets",
    kind: "counter",
    unit: "{credential}",
    description: "Credentials stored unsealed while the commands of the store's driver are traced",
    attributes: [],
  },
  rotationInDoubt: {
    name: "lingpai.rotation.in_doubt",
    kind: "counter",
    unit: "{session}",
    description:
      "Single-use inputs (refresh tokens) that were sent, and nobody knows what came of it",
    attributes: [],
  },
  clockJump: {
    name: "lingpai.clock.jump",
    kind: "counter",
    unit: "{jump}",
    description: "How often the wall clock or the store's clock jumped",
    attributes: ["lingpai.clock.where"],
  },
};

export function optionsOf(instrument: Instrument): MetricOptions {
  const { unit, description, buckets } = instrument;
  return {
    unit,
    description,
    ...(buckets && { advice: { explicitBucketBoundaries: [...buckets] } }),
  };
}
