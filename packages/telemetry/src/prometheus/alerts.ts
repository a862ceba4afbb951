/** The alerts: their conditions, and their texts. */
import type { Series } from "./metric-names.ts";
import { counted, perCredential, sameCredential } from "./promql.ts";
import { recorded } from "./recordings.ts";

export interface Alert {
  readonly name: `Lingpai${string}`;
  /** `page`: users are affected, or will be within minutes. `ticket`: margin or safety is lost. */
  readonly severity: "page" | "ticket";
  /** How long the condition must hold. `0m` for a condition about a single event. */
  readonly for: string;
  readonly expression: (series: Series) => string;
  readonly summary: string;
  readonly description: string;
}

const who = "{{ $labels.lingpai_credential_ref }} in {{ $labels.lingpai_environment }}";
const process = "{{ $labels.instance }}";

const whetherCredentialsLive: readonly Alert[] = [
  {
    name: "LingpaiCallsFail",
    severity: "page",
    for: "2m",
    expression: ({ countOf }) =>
      `${perCredential("sum", `rate(${countOf("getDuration", 'error_type!=""')}[5m])`)} > 0`,
    summary: `Calls fail because there is no credential: ${who}`,
    description:
      "get() rejects. The label error_type of lingpai.get.duration says why. Run `lingpai doctor`.",
  },
  {
    name: "LingpaiMarginGone",
    severity: "page",
    for: "2m",
    expression: ({ of }) =>
      `${recorded("lingpai:credential_remaining_lifetime_seconds:min")} < 300 ${sameCredential("and")} ${perCredential("sum", counted(of("staleStarts"), "6h"))}`,
    summary: `Less than five minutes are left, and no replacement came: ${who}`,
    description:
      "The credential is in use, is past the point of its replacement, and ends soon. lingpai_stale_cause says what is in the way.",
  },
  {
    name: "LingpaiRefreshFails",
    severity: "ticket",
    for: "5m",
    expression: ({ countOf }) => {
      const failed = `increase(${countOf("refreshDuration", 'lingpai_refresh_outcome="failed"')}[15m])`;
      const succeeded = `increase(${countOf("refreshDuration", 'lingpai_refresh_outcome=~"committed|same"')}[15m])`;
      return `${perCredential("sum", failed)} >= 2 ${sameCredential("unless")} ${perCredential("sum", succeeded)} > 0`;
    },
    summary: `Refreshes fail, and none succeeded in 15 minutes: ${who}`,
    description:
      "What is stored is still served. error_type of lingpai.provider.fetches has the platform's code.",
  },
  {
    name: "LingpaiRefusedFatally",
    severity: "page",
    for: "0m",
    expression: ({ of }) =>
      perCredential("sum", counted(of("fetches", 'lingpai_provider_outcome="fatal"'), "20m")),
    summary: `The platform refuses until a setting is changed: ${who}`,
    description:
      "A wrong AppSecret, an address that is not on the allow list, or a ban. It is tried again every 7 to 9 minutes by itself.",
  },
  {
    name: "LingpaiDoubtStuck",
    severity: "ticket",
    for: "10m",
    expression: ({ of }) => `${perCredential("max", of("inDoubt"))} == 1`,
    summary: `Nobody knows which credential is live: ${who}`,
    description:
      "A request was not answered, and the refresh that settles it has not succeeded for ten minutes.",
  },
  {
    name: "LingpaiRotationInDoubt",
    severity: "ticket",
    for: "0m",
    expression: ({ of }) => perCredential("sum", counted(of("rotationInDoubt"), "1h")),
    summary: `A refresh token was sent, and nobody knows whether it is used up: ${who}`,
    description:
      "If the platform cannot say which one works now, somebody has to authorise again before the credential ends.",
  },
];

const whoElseFetches: readonly Alert[] = [
  {
    name: "LingpaiForeignRefresh",
    severity: "page",
    for: "0m",
    expression: ({ of }) =>
      perCredential(
        "sum",
        counted(of("foreignRefreshes", 'lingpai_foreign_state="confirmed"'), "1h"),
      ),
    summary: `Somebody outside the fleet replaces this credential: ${who}`,
    description:
      "Another service, another environment or a person fetches with the same AppID. Find it, or use the stable token.",
  },
  {
    name: "LingpaiClaimConflict",
    severity: "ticket",
    for: "0m",
    expression: ({ of }) => `${perCredential("max", of("claimConflicts"))} > 0`,
    summary: `Another environment claims the same AppID: ${who}`,
    description: "`lingpai status` names it. Give each environment an AppID, or let one consume.",
  },
  {
    name: "LingpaiRejections",
    severity: "ticket",
    for: "0m",
    expression: ({ of }) =>
      `${perCredential("sum", counted(of("rejections", 'lingpai_rejection_verdict="current"'), "1h"))} > 5`,
    summary: `The platform refused the fleet's present credential more than 5 times in an hour: ${who}`,
    description:
      "Calls were sent again and succeeded, but something invalidates the credential, or one API refuses every token.",
  },
  {
    name: "LingpaiTooManyRefreshes",
    severity: "ticket",
    for: "0m",
    expression: () => `${recorded("lingpai:refreshes:increase6h")} > 6`,
    summary: `More than two refreshes in each lifetime of two hours: ${who}`,
    description:
      "One is normal. Look for a foreign refresher, or for a caller that refreshes by hand.",
  },
  {
    name: "LingpaiQuotaBurns",
    severity: "ticket",
    for: "30m",
    expression: ({ of }) => {
      const aDay = `${perCredential("sum", `rate(${of("fetches")}[1h])`)} * 86400`;
      return `${aDay} > ${sameCredential("on")} 0.8 * ${perCredential("max", of("quotaLimit"))}`;
    },
    summary: `At this rate a day uses more than 80 % of its fetches: ${who}`,
    description:
      "Refreshes follow each other too fast for half an hour. lingpai_refresh_reason says why they are made.",
  },
  {
    name: "LingpaiQuotaLow",
    severity: "ticket",
    for: "0m",
    expression: ({ of }) => `${perCredential("max", of("quotaUtilization"))} >= 0.8`,
    summary: `80 % of the day's fetches are used: ${who}`,
    description:
      "At the cap the fleet stops fetching until the quota is reset, which is at midnight.",
  },
];

const whetherTheStoreHolds: readonly Alert[] = [
  {
    name: "LingpaiStoreDegraded",
    severity: "ticket",
    for: "5m",
    expression: ({ of }) => `max by (instance) (rate(${of("degradedTime")}[5m])) > 0.5`,
    summary: `A process has not reached the store for most of five minutes: ${process}`,
    description:
      "It serves from memory, and fetches by itself only what is allowed without a lock. Look at the store and the network.",
  },
  {
    name: "LingpaiStoreLostWrites",
    severity: "ticket",
    for: "0m",
    expression: ({ of }) => perCredential("sum", counted(of("storeRegressions"), "1h")),
    summary: `The store came back with less than it had acknowledged: ${who}`,
    description:
      "A failover or a restore lost writes; they were written back. Set min-replicas-to-write, or persistence.",
  },
  {
    name: "LingpaiUnreadableRecords",
    severity: "page",
    for: "0m",
    expression: ({ of }) => perCredential("sum", counted(of("recordsUnreadable"), "1h")),
    summary: `A stored document cannot be used, and nothing is refreshed: ${who}`,
    description:
      "A sealing key or a version is missing in some process. lingpai_record_cause says which; do not delete the key.",
  },
  {
    name: "LingpaiRecordOutOfRange",
    severity: "ticket",
    for: "0m",
    expression: ({ of }) => perCredential("sum", counted(of("recordsOutOfRange"), "1h")),
    summary: `A stored document has a value that Lingpai never writes: ${who}`,
    description: "Something else writes to the key. The value was ignored. Find the other writer.",
  },
  {
    name: "LingpaiLeasesLost",
    severity: "ticket",
    for: "0m",
    expression: ({ of }) => `${perCredential("sum", counted(of("lockLosses"), "1h"))} > 3`,
    summary: `Leases end during refreshes, more than 3 in an hour: ${who}`,
    description: "A process stalls for seconds, or the store fails over again and again.",
  },
  {
    name: "LingpaiNewsLate",
    severity: "ticket",
    for: "30m",
    expression: () => `${recorded("lingpai:notification_lag_seconds:p99_30m")} > 5`,
    summary: "Processes learn of new credentials more than 5 s late",
    description:
      "A proxy swallows subscriptions, or an ACL has no channels. Until then old credentials are sent.",
  },
  {
    name: "LingpaiSecretsTraced",
    severity: "page",
    for: "0m",
    expression: ({ of }) => perCredential("sum", counted(of("tracedSecrets"), "6h")),
    summary: `Tokens are written into traces: ${who}`,
    description:
      "The store is not sealed, and its driver's commands are traced. Seal it, and revoke what the traces hold.",
  },
  {
    name: "LingpaiClockJumped",
    severity: "ticket",
    for: "0m",
    expression: ({ of }) => `max by (instance) (${counted(of("clockJump"), "1h")}) > 2`,
    summary: `A clock jumps, more than twice in an hour: ${process}`,
    description: "Lifetimes are measured without it, but back-offs may be long. Look at NTP.",
  },
];

/** Every event of core with the severity `error` has an alert. */
export const alerts: readonly Alert[] = [
  ...whetherCredentialsLive,
  ...whoElseFetches,
  ...whetherTheStoreHolds,
];
