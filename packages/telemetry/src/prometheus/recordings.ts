/** The recording rules: values that dashboards show and alerts compare. */
import type { Series } from "./metric-names.ts";
import { perCredential } from "./promql.ts";

export type RecordingName =
  | "lingpai:credential_remaining_lifetime_seconds:min"
  | "lingpai:refreshes:increase6h"
  | "lingpai:provider_fetches:increase1d"
  | "lingpai:refresh_duration_seconds:p99_1h"
  | "lingpai:get_duration_seconds:p99_5m"
  | "lingpai:store_duration_seconds:p99_5m"
  | "lingpai:lock_wait_duration_seconds:p99_1h"
  | "lingpai:notification_lag_seconds:p99_30m";

export interface Recording {
  readonly name: RecordingName;
  readonly expression: (series: Series) => string;
}

export const recordings: readonly Recording[] = [
  {
    name: "lingpai:credential_remaining_lifetime_seconds:min",
    expression: ({ of }) => perCredential("min", of("remainingLifetime")),
  },
  {
    name: "lingpai:refreshes:increase6h",
    expression: ({ countOf }) =>
      perCredential(
        "sum",
        `increase(${countOf("refreshDuration", 'lingpai_refresh_outcome="committed"')}[6h])`,
      ),
  },
  {
    name: "lingpai:provider_fetches:increase1d",
    expression: ({ of }) => perCredential("sum", `increase(${of("fetches")}[1d])`),
  },
  {
    name: "lingpai:refresh_duration_seconds:p99_1h",
    expression: ({ bucketOf }) =>
      `histogram_quantile(0.99, sum by (le) (rate(${bucketOf("refreshDuration")}[1h])))`,
  },
  {
    name: "lingpai:get_duration_seconds:p99_5m",
    expression: ({ bucketOf }) =>
      `histogram_quantile(0.99, sum by (le) (rate(${bucketOf("getDuration")}[5m])))`,
  },
  {
    name: "lingpai:store_duration_seconds:p99_5m",
    expression: ({ bucketOf }) =>
      `histogram_quantile(0.99, sum by (le, lingpai_store_operation) (rate(${bucketOf("storeDuration")}[5m])))`,
  },
  {
    name: "lingpai:lock_wait_duration_seconds:p99_1h",
    expression: ({ bucketOf }) =>
      `histogram_quantile(0.99, sum by (le, lingpai_lock_outcome) (rate(${bucketOf("lockWaitDuration")}[1h])))`,
  },
  {
    name: "lingpai:notification_lag_seconds:p99_30m",
    expression: ({ bucketOf }) =>
      `histogram_quantile(0.99, sum by (le) (rate(${bucketOf("notificationLag")}[30m])))`,
  },
];

/** The series of a recording. */
export function recorded(name: RecordingName): string {
  return name;
}
