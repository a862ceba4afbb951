/** Counts by hour as a chart of uPlot, beside a table of the same data. */
import type { LedgerHour } from "@lingpai/server";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type uPlot from "uplot";
import { useApp } from "../app.ts";
import type { Dictionary } from "../i18n/dictionary.ts";

export interface SeriesProps {
  readonly label: string;
  readonly hours: readonly LedgerHour[];
  readonly nowWallMs: number;
}

const columns = ["fetched", "failed", "rejected", "contended"] as const;
const heightPx = 220;

export function Series({ hours, label, nowWallMs }: SeriesProps): JSX.Element {
  const app = useApp();
  const dictionary = app.dictionary.value;
  const { ledger, locale } = dictionary;
  const theme = app.theme.value;
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = place.current;
    if (box === null) return;
    let plot: uPlot | undefined;
    let isGone = false;
    const observer = new ResizeObserver(() =>
      plot?.setSize({ width: box.clientWidth, height: heightPx }),
    );
    // The chart's library is as large as the rest of the page, so only this view loads it.
    void import("uplot").then(({ default: UPlot }) => {
      if (isGone) return;
      const { data, options } = chartOf(box, hours, nowWallMs, dictionary);
      const paths = UPlot.paths.stepped?.({ align: 1 });
      const series = options.series.map((one) => (paths === undefined ? one : { ...one, paths }));
      plot = new UPlot({ ...options, series }, data, box);
      observer.observe(box);
    });
    return () => {
      isGone = true;
      observer.disconnect();
      plot?.destroy();
    };
  }, [hours, theme, locale]);
  return (
    <figure class="series">
      <div ref={place} class="series-plot" role="img" aria-label={label} />
      <figcaption class="legend">
        {columns.map((name, at) => (
          <span key={name} class="legend-item">
            <svg width="28" height="8" aria-hidden="true">
              <line class={`legend-line-${at + 1}`} x1="1" x2="27" y1="4" y2="4" />
            </svg>
            {ledger[name]}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

interface Chart {
  readonly options: uPlot.Options;
  readonly data: uPlot.AlignedData;
}

/** The colours of the present theme. */
function chartOf(
  box: HTMLElement,
  hours: readonly LedgerHour[],
  nowWallMs: number,
  { ledger, locale }: Dictionary,
): Chart {
  // A canvas does not support `light-dark()`, so the browser resolves it for an element.
  const colour = (name: string): string => {
    box.style.color = `var(${name})`;
    return getComputedStyle(box).color;
  };
  // The last step lasts until now.
  const times = [
    ...hours.map(({ startedAgoMs }) => (nowWallMs - startedAgoMs) / 1_000),
    nowWallMs / 1_000,
  ];
  const values = columns.map((name) => [...hours, hours.at(-1)].map((hour) => hour?.[name] ?? 0));
  const hour = new Intl.DateTimeFormat(locale, { hour: "2-digit", hourCycle: "h23" });
  const axis = {
    stroke: colour("--muted"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  const options: uPlot.Options = {
    width: box.clientWidth,
    height: heightPx,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(4, max * 1.1)] } },
    axes: [
      { ...axis, values: (_plot, ticks) => ticks.map((tick) => hour.format(tick * 1_000)) },
      { ...axis, size: 36, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000] },
    ],
    series: [
      {},
      ...columns.map((name, at) => ({
        label: ledger[name],
        stroke: colour(`--series-${at + 1}`),
        width: 2,
        dash: [[], [6, 3], [2, 3], [8, 3, 2, 3]][at] ?? [],
        points: { show: false },
      })),
    ],
  };
  return { options, data: [times, ...values] };
}
