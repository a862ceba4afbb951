import { readFileSync } from "node:fs";
import { join } from "node:path";
import { eventSeverity } from "@lingpai/core";
import type { EventType } from "@lingpai/core";
import { describe, expect, test } from "vitest";
import { measurementsOf } from "../metrics.ts";
import { instruments } from "../instruments.ts";
import { alerts } from "./alerts.ts";
import { eventOf, everyEvent } from "./every-event.fixture.ts";
import { packageFolder, shippedFiles } from "./files.fixture.ts";
import { dashboardRows } from "./grafana-dashboard.ts";
import { metricName, seriesIn } from "./metric-names.ts";
import type { InstrumentKey, Naming } from "./metric-names.ts";
import { recordings } from "./recordings.ts";
import { exporterScrape, namesIn, namesRead } from "./scrape.fixture.ts";

/** Written by `pnpm --filter @lingpai/telemetry run collector`, from OpenTelemetry's collector. */
const collectorScrape = readFileSync(join(import.meta.dirname, "collector-scrape.txt"), "utf8");

const scrapes: Readonly<Record<Naming, () => Promise<string>>> = {
  exporter: exporterScrape,
  collector: () => Promise.resolve(collectorScrape),
};
const keys = Object.keys(instruments) as InstrumentKey[];
const panels = dashboardRows.flatMap((row) => row.panels);

describe.each(["exporter", "collector"] as const)("with the names of the %s", (naming) => {
  test("every instrument is in a real scrape under the name that the rules use", async () => {
    const seen = namesIn(await scrapes[naming]());
    for (const key of keys) {
      const name = metricName(key, naming);
      const series = instruments[key].kind === "histogram" ? `${name}_bucket` : name;
      expect(seen).toContain(series);
    }
  });

  test("every series that a rule or a panel reads is in a scrape or is recorded", async () => {
    const known = namesIn(await scrapes[naming]());
    for (const { name } of recordings) known.add(name);
    const expressions = [...recordings, ...alerts, ...panels].map(({ expression }) =>
      expression(seriesIn(naming)),
    );
    const read = expressions.flatMap((expression) => {
      const names = namesRead(expression);
      expect(names).not.toEqual([]);
      return names;
    });
    expect(read.filter((name) => !known.has(name))).toEqual([]);
  });
});

test("every event that needs a person has a series that an alert reads", () => {
  const read = alerts.map(({ expression }) => expression(seriesIn("exporter"))).join("\n");
  const labels = { code: (value: string) => value };
  const loud = (Object.keys(everyEvent) as EventType[]).filter(
    (type) => eventSeverity[type] === "error",
  );
  expect(loud).not.toEqual([]);
  for (const type of loud) {
    // The core measures claims at each reading, so the alert ends when the conflict does.
    if (type === "claim-conflicted") {
      expect(read).toContain(metricName("claimConflicts", "exporter"));
      continue;
    }
    const counted = measurementsOf(eventOf(type, everyEvent[type]), labels).map(
      ({ instrument }) => keys.find((key) => instruments[key] === instrument) ?? "unlisted",
    );
    expect(
      counted.filter((key) => read.includes(metricName(key as InstrumentKey, "exporter"))),
      type,
    ).not.toEqual([]);
  }
});

test("a name that a rule may read is recorded, and once", () => {
  const names = recordings.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const read = [...alerts, ...panels].flatMap(({ expression }) =>
    namesRead(expression(seriesIn("exporter"))).filter((name) => name.includes(":")),
  );
  expect(names).toEqual(expect.arrayContaining(read));
});

test("the files in the package equal what the table generates", () => {
  for (const [path, text] of shippedFiles())
    expect(readFileSync(join(packageFolder, path), "utf8").replaceAll("\r\n", "\n"), path).toBe(
      text,
    );
});

test.each(["docs/runbooks.md", "docs/runbooks.zh-CN.md"])(
  "%s has a runbook for every alert, and no other",
  (page) => {
    const text = readFileSync(join(packageFolder, "../..", page), "utf8");
    const headings = [...text.matchAll(/^## (Lingpai\w+)$/gmu)].map(([, heading]) => heading);
    expect(headings).toEqual(alerts.map(({ name }) => name));
  },
);
