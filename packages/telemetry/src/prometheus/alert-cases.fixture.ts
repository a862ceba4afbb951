import { alerts } from "./alerts.ts";
import type { Alert } from "./alerts.ts";
import { seriesIn } from "./metric-names.ts";
import type { InstrumentKey, Naming, Series } from "./metric-names.ts";

/**
 * Series in promtool's notation, one value a minute, and the time at which the rules are evaluated.
 */
interface Input {
  readonly at: string;
  readonly series: readonly { readonly name: string; readonly values: string }[];
}

interface Case {
  readonly alert: string;
  /** The labels of the alert, apart from the severity. */
  readonly labels: Readonly<Record<string, string>>;
  readonly fires: readonly Input[];
  /** Series that come near the condition and must not fire the alert. */
  readonly quiet: readonly Input[];
}

const ofCredential = {
  lingpai_credential_ref: "test:plain:wx1",
  lingpai_environment: "production",
};
const ofProcess = { instance: "node-1:9464" };
const matchers = Object.entries({ ...ofCredential, ...ofProcess })
  .map(([name, value]) => `${name}="${value}"`)
  .join(", ");

export function casesIn(naming: Naming): readonly Case[] {
  const series = seriesIn(naming);
  return [...lifeCases(series), ...causeCases(series), ...storeCases(series)];
}

function input(at: string, ...series: readonly (readonly [name: string, values: string])[]): Input {
  return { at, series: series.map(([name, values]) => ({ name, values })) };
}

const labelled = (more?: string): string =>
  more === undefined ? matchers : `${matchers}, ${more}`;

/**
 * An event that happens for the first time in the life of the process fires the alert. One that
 * happened long ago does not, and neither does a counter that stands still.
 */
function onceCounted(
  series: Series,
  alert: string,
  key: InstrumentKey,
  more?: string,
  longAfter = "75m",
): Case {
  const name = series.of(key, labelled(more));
  return {
    alert,
    labels: ofCredential,
    fires: [input("10m", [name, "_x5 1x20"]), input("10m", [name, "3x5 4x20"])],
    quiet: [input(longAfter, [name, "1x600"]), input(longAfter, [name, "0 1 2 3x600"])],
  };
}

function lifeCases(series: Series): readonly Case[] {
  const { of, countOf } = series;
  const left = of("remainingLifetime", labelled());
  const stale = of("staleStarts", labelled('lingpai_stale_cause="platform"'));
  const refreshes = (outcome: string): string =>
    countOf("refreshDuration", labelled(`lingpai_refresh_outcome="${outcome}"`));
  return [
    {
      alert: "LingpaiCallsFail",
      labels: ofCredential,
      fires: [input("10m", [countOf("getDuration", labelled('error_type="E"')), "0 1 2+2x20"])],
      quiet: [
        input("10m", [countOf("getDuration", labelled()), "0+50x20"]),
        input("30m", [countOf("getDuration", labelled('error_type="E"')), "0 1 2 3x60"]),
      ],
    },
    {
      alert: "LingpaiMarginGone",
      labels: ofCredential,
      fires: [input("30m", [left, "1800-60x40"], [stale, "_x15 1x40"])],
      quiet: [
        // A credential that was not used for a lifetime ends, which is no fault.
        input("60m", [left, "1800-60x90"]),
        input("20m", [left, "1800-60x9 7200-60x40"], [stale, "_x5 1x40"]),
      ],
    },
    {
      alert: "LingpaiRefreshFails",
      labels: ofCredential,
      fires: [input("25m", [refreshes("failed"), "0 1 2 3 4 5+0.5x40"])],
      quiet: [
        input("25m", [refreshes("failed"), "0+0.5x40"], [refreshes("committed"), "0x15 1x40"]),
        input("60m", [refreshes("failed"), "0 1 2 3 4x90"]),
      ],
    },
    {
      alert: "LingpaiDoubtStuck",
      labels: ofCredential,
      fires: [input("20m", [of("inDoubt", labelled()), "0x5 1x20"])],
      quiet: [input("20m", [of("inDoubt", labelled()), "0x5 1x5 0x20"])],
    },
    onceCounted(series, "LingpaiRotationInDoubt", "rotationInDoubt"),
  ];
}

function causeCases(series: Series): readonly Case[] {
  const { of, countOf } = series;
  const rejected = (verdict: string): string =>
    of("rejections", labelled(`lingpai_rejection_verdict="${verdict}"`));
  const committed = countOf("refreshDuration", labelled('lingpai_refresh_outcome="committed"'));
  const fetches = of("fetches", labelled('lingpai_provider_outcome="ok"'));
  const day = 'lingpai_quota_window="day"';
  const limit = of("quotaLimit", labelled(day));
  const same = countOf("refreshDuration", labelled('lingpai_refresh_outcome="same"'));
  return [
    onceCounted(series, "LingpaiRefusedFatally", "fetches", 'lingpai_provider_outcome="fatal"'),
    onceCounted(
      series,
      "LingpaiForeignRefresh",
      "foreignRefreshes",
      'lingpai_foreign_state="confirmed"',
    ),
    {
      alert: "LingpaiClaimConflict",
      labels: ofCredential,
      fires: [input("10m", [of("claimConflicts", labelled()), "_x5 1x20"])],
      quiet: [input("10m", [of("claimConflicts", labelled()), "1x5 0x20"])],
    },
    {
      alert: "LingpaiRejections",
      labels: ofCredential,
      fires: [input("40m", [rejected("current"), "0x5 1 3 5 7 9x60"])],
      quiet: [
        input("40m", [rejected("current"), "0x5 1 2 3x60"]),
        input("40m", [rejected("replaced"), "0+10x60"]),
      ],
    },
    {
      alert: "LingpaiTooManyRefreshes",
      labels: ofCredential,
      fires: [input("80m", [committed, "0x5 1x10 2x10 3x10 4x10 5x10 6x10 7x10 8x300"])],
      quiet: [
        input("7h", [committed, "0x104 1x104 2x104 3x104 4x104"]),
        // A ticket of unknown age is fetched every few minutes, and is the same.
        input("90m", [same, "0+1x400"]),
      ],
    },
    {
      alert: "LingpaiQuotaBurns",
      labels: ofCredential,
      fires: [input("90m", [fetches, "0+2x200"], [limit, "2000x200"])],
      quiet: [
        input("90m", [fetches, "0+1x200"], [limit, "2000x200"]),
        input("180m", [fetches, "0+2x30 60x200"], [limit, "2000x300"]),
        input("90m", [fetches, "0+2x200"]),
      ],
    },
    {
      alert: "LingpaiQuotaLow",
      labels: ofCredential,
      fires: [input("10m", [of("quotaUtilization", labelled(day)), "0.8x20"])],
      quiet: [input("10m", [of("quotaUtilization", labelled(day)), "0.79x20"])],
    },
  ];
}

function storeCases(series: Series): readonly Case[] {
  const { bucketOf, of } = series;
  const away = of("degradedTime", labelled('lingpai_degraded_mode="store"'));
  const lag = (le: string): string => `${bucketOf("notificationLag")}{${labelled(`le="${le}"`)}}`;
  const lost = of("lockLosses", labelled('lingpai_lock_cause="expired"'));
  const jumps = of("clockJump", labelled('lingpai_clock_where="node"'));
  return [
    {
      alert: "LingpaiStoreDegraded",
      labels: ofProcess,
      fires: [input("20m", [away, "0+60x30"])],
      quiet: [input("20m", [away, "0x5 30x30"])],
    },
    onceCounted(series, "LingpaiStoreLostWrites", "storeRegressions"),
    onceCounted(
      series,
      "LingpaiUnreadableRecords",
      "recordsUnreadable",
      'lingpai_record_cause="tag"',
    ),
    onceCounted(series, "LingpaiRecordOutOfRange", "recordsOutOfRange", 'lingpai_record_field="x"'),
    {
      alert: "LingpaiLeasesLost",
      labels: ofCredential,
      fires: [input("30m", [lost, "0x2 1 2 3 4 6x60"])],
      quiet: [input("30m", [lost, "0x5 1x60"])],
    },
    {
      alert: "LingpaiNewsLate",
      labels: {},
      fires: [input("70m", [lag("5"), "0+0x90"], [lag("10"), "0+1x90"], [lag("+Inf"), "0+1x90"])],
      quiet: [input("70m", [lag("5"), "0+1x90"], [lag("10"), "0+1x90"], [lag("+Inf"), "0+1x90"])],
    },
    onceCounted(series, "LingpaiSecretsTraced", "tracedSecrets", undefined, "7h"),
    {
      alert: "LingpaiClockJumped",
      labels: ofProcess,
      fires: [input("30m", [jumps, "0x2 1 2 4x60"])],
      quiet: [input("30m", [jumps, "0x5 1x60"])],
    },
  ];
}

/** The cases as input of `promtool test rules`. */
export function promtoolTest(rules: string, naming: Naming): object {
  const tests = casesIn(naming).flatMap((each) => [
    ...each.fires.map((given) => testOf(each, given, true)),
    ...each.quiet.map((given) => testOf(each, given, false)),
  ]);
  return { rule_files: [rules], evaluation_interval: "1m", tests };
}

function testOf({ alert, labels }: Case, { at, series }: Input, fires: boolean): object {
  return {
    interval: "1m",
    name: `${alert} ${fires ? "fires" : "is quiet"}`,
    input_series: series.map(({ name, values }) => ({ series: name, values })),
    alert_rule_test: [
      { eval_time: at, alertname: alert, exp_alerts: fires ? [expected(alert, labels)] : [] },
    ],
  };
}

function expected(name: string, labels: Readonly<Record<string, string>>): object {
  const alert = alerts.find((one) => one.name === name) as Alert;
  const summary = alert.summary.replaceAll(
    /\{\{ \$labels\.(\w+) \}\}/gu,
    (_, label: string) => labels[label] ?? "",
  );
  return {
    exp_labels: { severity: alert.severity, ...labels },
    exp_annotations: {
      summary,
      description: alert.description,
      runbook_url: `https://github.com/lingpai/lingpai/blob/main/docs/runbooks.md#${name.toLowerCase()}`,
    },
  };
}
