/**
 * A Grafana dashboard in three rows: safety, refreshes and their causes, and remaining resources.
 */
import { seriesIn } from "./metric-names.ts";
import type { Naming, Series } from "./metric-names.ts";
import { recorded } from "./recordings.ts";

export interface Panel {
  readonly title: string;
  readonly description: string;
  /** Grafana's name of the unit. */
  readonly unit: "percentunit" | "s" | "short";
  readonly kind: "stat" | "timeseries";
  readonly legend: string;
  readonly expression: (series: Series) => string;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const chosen = 'lingpai_environment=~"$environment", lingpai_credential_ref=~"$credential"';
const byCredential = "{{lingpai_environment}} {{lingpai_credential_ref}}";

const isItSafe: Row = {
  title: "Is it safe?",
  panels: [
    {
      title: "Shortest remaining life",
      description: "Of all processes that hold the credential. Below 5 minutes somebody is paged.",
      unit: "s",
      kind: "timeseries",
      legend: byCredential,
      expression: () =>
        `${recorded("lingpai:credential_remaining_lifetime_seconds:min")}{${chosen}}`,
    },
    {
      title: "Calls without a credential",
      description: "get() that failed, a second, by the kind of error.",
      unit: "short",
      kind: "timeseries",
      legend: "{{error_type}}",
      expression: ({ countOf }) =>
        `sum by (error_type) (rate(${countOf("getDuration", `error_type!="", ${chosen}`)}[5m]))`,
    },
    {
      title: "In doubt",
      description: "1 while nobody knows which credential is live.",
      unit: "short",
      kind: "stat",
      legend: byCredential,
      expression: ({ of }) =>
        `max by (lingpai_environment, lingpai_credential_ref) (${of("inDoubt", chosen)})`,
    },
    {
      title: "Served past the point of replacement",
      description: "How often it began, by what was in the way.",
      unit: "short",
      kind: "timeseries",
      legend: "{{lingpai_stale_cause}}",
      expression: ({ of }) =>
        `sum by (lingpai_stale_cause) (increase(${of("staleStarts", chosen)}[1h]))`,
    },
  ],
};

const whoDidIt: Row = {
  title: "Who did it?",
  panels: [
    {
      title: "Generation",
      description: "A step is a replacement. Lines apart are processes that have not adopted it.",
      unit: "short",
      kind: "timeseries",
      legend: `${byCredential} {{instance}}`,
      expression: ({ of }) => of("generation", chosen),
    },
    {
      title: "Refreshes by reason",
      description: "One in each lifetime is normal.",
      unit: "short",
      kind: "timeseries",
      legend: "{{lingpai_refresh_reason}} {{lingpai_refresh_outcome}}",
      expression: ({ countOf }) =>
        `sum by (lingpai_refresh_reason, lingpai_refresh_outcome) (increase(${countOf("refreshDuration", chosen)}[1h]))`,
    },
    {
      title: "Refused by the platform",
      description: "current: the fleet's present credential was refused. replaced: an earlier one.",
      unit: "short",
      kind: "timeseries",
      legend: "{{lingpai_rejection_code}} {{lingpai_rejection_verdict}}",
      expression: ({ of }) =>
        `sum by (lingpai_rejection_code, lingpai_rejection_verdict) (increase(${of("rejections", chosen)}[1h]))`,
    },
    {
      title: "Replaced by somebody else",
      description: "Foreign refreshes, and claims of other environments.",
      unit: "short",
      kind: "timeseries",
      legend: "{{__name__}} {{lingpai_foreign_state}}",
      expression: ({ of }) =>
        `increase(${of("foreignRefreshes", chosen)}[1h]) or ${of("claimConflicts", chosen)}`,
    },
  ],
};

const canItGoOn: Row = {
  title: "Can it go on?",
  panels: [
    {
      title: "Quota used",
      description: "The part of the day's fetches that is used. At 80 % there is a ticket.",
      unit: "percentunit",
      kind: "timeseries",
      legend: byCredential,
      expression: ({ of }) =>
        `max by (lingpai_environment, lingpai_credential_ref) (${of("quotaUtilization", chosen)})`,
    },
    {
      title: "Fetches in a day",
      description: "All requests for a credential, whatever came of them.",
      unit: "short",
      kind: "timeseries",
      legend: byCredential,
      expression: () => `${recorded("lingpai:provider_fetches:increase1d")}{${chosen}}`,
    },
    {
      title: "Without the store",
      description: "The share of the time in which a process could not reach its store.",
      unit: "percentunit",
      kind: "timeseries",
      legend: "{{instance}}",
      expression: ({ of }) => `max by (instance) (rate(${of("degradedTime", chosen)}[5m]))`,
    },
    {
      title: "Slowest refreshes, and how late the news came",
      description: "The 99th percentile of each.",
      unit: "s",
      kind: "timeseries",
      legend: "{{__name__}}",
      expression: () =>
        `${recorded("lingpai:refresh_duration_seconds:p99_1h")} or ${recorded("lingpai:notification_lag_seconds:p99_30m")}`,
    },
    {
      title: "Slowest commands of the store",
      description: "The 99th percentile, by what they were for.",
      unit: "s",
      kind: "timeseries",
      legend: "{{lingpai_store_operation}}",
      expression: () => recorded("lingpai:store_duration_seconds:p99_5m"),
    },
    {
      title: "Longest waits for the lease",
      description: "The 99th percentile, by how they ended: granted, newer or timeout.",
      unit: "s",
      kind: "timeseries",
      legend: "{{lingpai_lock_outcome}}",
      expression: () => recorded("lingpai:lock_wait_duration_seconds:p99_1h"),
    },
  ],
};

export const dashboardRows: readonly Row[] = [isItSafe, whoDidIt, canItGoOn];

/** The format that Grafana 10 and newer import. It asks for the data source. */
export function grafanaDashboard(naming: Naming): object {
  const series = seriesIn(naming);
  const panels: object[] = [];
  let top = 0;
  for (const { title, panels: inRow } of dashboardRows) {
    panels.push({ type: "row", title, collapsed: false, gridPos: { x: 0, y: top, w: 24, h: 1 } });
    top += 1;
    inRow.forEach((panel, index) => {
      const gridPos = { x: (index % 2) * 12, y: top + Math.floor(index / 2) * 8, w: 12, h: 8 };
      panels.push(panelOf(panel, series, gridPos));
    });
    top += Math.ceil(inRow.length / 2) * 8;
  }
  return {
    uid: `lingpai-${naming}`,
    title: "Lingpai",
    tags: ["lingpai", "wechat"],
    schemaVersion: 39,
    editable: true,
    refresh: "30s",
    time: { from: "now-24h", to: "now" },
    templating: {
      list: [
        { name: "datasource", type: "datasource", query: "prometheus" },
        variable("environment", series.of("generation"), "lingpai_environment"),
        variable(
          "credential",
          series.of("generation", 'lingpai_environment=~"$environment"'),
          "lingpai_credential_ref",
        ),
      ],
    },
    panels: panels.map((panel, index) => ({ id: index + 1, ...panel })),
  };
}

const datasource = { type: "prometheus", uid: "${datasource}" };

function panelOf(panel: Panel, series: Series, gridPos: object): object {
  const { title, description, unit, kind, legend, expression } = panel;
  return {
    type: kind,
    title,
    description,
    datasource,
    gridPos,
    fieldConfig: { defaults: { unit, min: unit === "s" ? undefined : 0 }, overrides: [] },
    targets: [{ refId: "A", datasource, expr: expression(series), legendFormat: legend }],
  };
}

function variable(name: string, metric: string, label: string): object {
  return {
    name,
    type: "query",
    datasource,
    query: { query: `label_values(${metric}, ${label})`, refId: name },
    includeAll: true,
    multi: true,
    allValue: ".*",
    current: { text: "All", value: "$__all" },
    refresh: 2,
  };
}
