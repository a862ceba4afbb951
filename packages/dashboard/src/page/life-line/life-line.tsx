/** The life line: one SVG, usable by keyboard, with a table of the same data. */
import type { OverviewRow } from "@lingpai/server";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { LoggedEvent } from "../api.ts";
import { useApp } from "../app.ts";
import { nowMs } from "../time.ts";
import { timeOfDay } from "../words.ts";
import { bandsOf, clustersOf, lanes, marksOf, spansOf, ticksOf } from "./model.ts";
import type { Band, Cluster, Lane, Span } from "./model.ts";
import { Glyph } from "./glyph.tsx";
import { toldOf } from "./why.ts";

export interface LifeLineProps {
  readonly events: readonly LoggedEvent[];
  readonly row: OverviewRow | undefined;
  /** The server's wall clock. */
  readonly atMs: number;
  readonly hours: number;
  readonly chosen: string | undefined;
  readonly onChoose: (cluster: Cluster) => void;
}

const laneTop: Readonly<Record<Lane, number>> = {
  token: 8,
  fetches: 50,
  refusals: 78,
  others: 106,
  doubt: 134,
  store: 162,
};
const tokenPx = 30;
const lanePx = 20;
const bottomPx = 186;
const heightPx = 214;
const minute = 60_000;

export function LifeLine(props: LifeLineProps): JSX.Element {
  const { atMs, chosen, events, hours, onChoose, row } = props;
  const { lifeLine } = useApp().dictionary.value;
  const box = useRef<HTMLDivElement>(null);
  const widthPx = useWidth(box);
  const labelPx = widthPx < 560 ? 56 : 76;
  const fromMs = atMs - hours * 60 * minute;
  const aheadMs = Math.min(row?.expiresInMs ?? 0, hours * 15 * minute) + hours * minute;
  const toMs = atMs + aheadMs;
  const xOf = (at: number): number =>
    labelPx + ((at - fromMs) / (toMs - fromMs)) * Math.max(1, widthPx - labelPx - 2);
  const isShown = (at: number): boolean => at >= fromMs && at <= toMs;
  const shown = marksOf(events).filter((mark) => isShown(mark.atMs));
  const clusters = clustersOf(shown, xOf);
  const bands = bandsOf(events, row, atMs).filter((band) => band.toMs > fromMs);
  const spans = spansOf(events, atMs).filter((span) => span.toMs > fromMs);
  return (
    <div ref={box} class="line">
      {widthPx > 0 && (
        <svg
          class="line-svg"
          width={widthPx}
          height={heightPx}
          role="group"
          aria-label={lifeLine.title}
        >
          <Axis {...{ fromMs, toMs, atMs, widthPx, xOf }} least={labelPx} />
          {bands.map((band) => (
            <BandShape key={band.generation} band={band} xOf={xOf} least={labelPx} atMs={atMs} />
          ))}
          {spans.map((span) => (
            <SpanShape key={`${span.lane}${span.fromMs}`} span={span} xOf={xOf} least={labelPx} />
          ))}
          <line class="line-now" x1={xOf(atMs)} x2={xOf(atMs)} y1="0" y2={bottomPx + 4} />
          <text
            class="line-now-text"
            x={xOf(atMs)}
            y={bottomPx + 18}
            text-anchor="middle"
            aria-hidden="true"
          >
            {lifeLine.now}
          </text>
          <Marks
            clusters={clusters}
            chosen={chosen}
            onChoose={onChoose}
            xOf={xOf}
            least={labelPx}
          />
        </svg>
      )}
    </div>
  );
}

interface AxisProps extends Scaled {
  readonly fromMs: number;
  readonly toMs: number;
  readonly atMs: number;
  readonly widthPx: number;
}

/** The hours below, and the names of the lanes at the side. */
function Axis({ atMs, fromMs, least, toMs, widthPx, xOf }: AxisProps): JSX.Element {
  const { lifeLine, locale } = useApp().dictionary.value;
  // Local time may differ by half an hour from whole hours of UTC.
  const zoneMs = -new Date(atMs).getTimezoneOffset() * minute;
  return (
    <>
      {ticksOf(fromMs, toMs, widthPx - least, zoneMs)
        .filter((tick) => Math.abs(xOf(tick) - xOf(atMs)) > 40)
        .map((tick) => (
          <g key={tick} class="line-tick" aria-hidden="true">
            <line x1={xOf(tick)} x2={xOf(tick)} y1="0" y2={bottomPx} />
            <text x={xOf(tick)} y={bottomPx + 18} text-anchor={anchorOf(xOf(tick), widthPx)}>
              {timeOfDay(tick, locale)}
            </text>
          </g>
        ))}
      {lanes.map((lane) => (
        <g key={lane} class="line-lane" aria-hidden="true">
          <text x="0" y={laneTop[lane] + (lane === "token" ? 19 : 14)}>
            {lifeLine.lanes[lane]}
          </text>
          {lane !== "token" && (
            <line
              x1={least}
              x2={widthPx}
              y1={laneTop[lane] + lanePx / 2}
              y2={laneTop[lane] + lanePx / 2}
            />
          )}
        </g>
      ))}
    </>
  );
}

interface Scaled {
  readonly xOf: (atMs: number) => number;
  /** The x coordinate at which the line begins, after the labels. */
  readonly least: number;
}

function BandShape(props: { readonly band: Band; readonly atMs: number } & Scaled): JSX.Element {
  const { atMs, band, least, xOf } = props;
  const { lifeLine, locale } = useApp().dictionary.value;
  const { fromMs, generation, toMs } = band;
  const [from, to] = [Math.max(least, xOf(fromMs)), Math.max(least, xOf(toMs))];
  const now = Math.min(to, Math.max(from, xOf(atMs)));
  const label = lifeLine.band(generation, timeOfDay(fromMs, locale), timeOfDay(toMs, locale));
  const kind = generation % 2 === 0 ? "even" : "odd";
  const text = `#${generation}`;
  return (
    <g role="img" aria-label={label}>
      <rect
        class={`band band-${kind}`}
        x={from}
        y={laneTop.token}
        width={Math.max(1, now - from - 1)}
        height={tokenPx}
      />
      {to > now && (
        <rect
          class="band band-ahead"
          x={now}
          y={laneTop.token}
          width={Math.max(1, to - now)}
          height={tokenPx}
        />
      )}
      {to - from > text.length * 8 + 6 && (
        <text class="band-text" x={from + 5} y={laneTop.token + 19}>
          {text}
        </text>
      )}
    </g>
  );
}

function SpanShape({ least, span, xOf }: { readonly span: Span } & Scaled): JSX.Element {
  const from = Math.max(least, xOf(span.fromMs));
  const width = Math.max(2, xOf(span.toMs) - from);
  const y = laneTop[span.lane] + 4;
  return <rect class={`span span-${span.lane}`} x={from} y={y} width={width} height={lanePx - 8} />;
}

interface MarksProps extends Scaled {
  readonly clusters: readonly Cluster[];
  readonly chosen: string | undefined;
  readonly onChoose: (cluster: Cluster) => void;
}

/** One stop of the Tab key. The arrow keys move through the marks in the order of time. */
function Marks({ chosen, clusters, least, onChoose, xOf }: MarksProps): JSX.Element {
  const dictionary = useApp().dictionary.value;
  const { lifeLine, locale } = dictionary;
  const group = useRef<SVGGElement>(null);
  const ordered = clusters.toSorted((one, other) => one.x - other.x);
  const found = ordered.findIndex(({ marks }) => marks.some(({ logged }) => logged.id === chosen));
  const current = found < 0 ? ordered.length - 1 : found;
  const go = (to: number): void => {
    const next = ordered[Math.max(0, Math.min(ordered.length - 1, to))];
    if (next === undefined) return;
    onChoose(next);
    group.current?.querySelectorAll<SVGGElement>("[data-mark]")[ordered.indexOf(next)]?.focus();
  };
  const onKeyDown = (event: KeyboardEvent, at: number): void => {
    const to: Readonly<Record<string, number>> = {
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      Home: 0,
      End: ordered.length - 1,
      Enter: at,
      " ": at,
    };
    const next = to[event.key];
    if (next === undefined) return;
    event.preventDefault();
    go(next);
  };
  return (
    <g ref={group}>
      {ordered.map((cluster, at) => {
        const { lane, marks, tone, x } = cluster;
        const [first] = marks;
        const { title } = toldOf(first!.logged, dictionary);
        const whole = marks.length > 1 ? lifeLine.several(marks.length, title) : title;
        const y = laneTop[lane] + lanePx / 2;
        const intent = first!.intentAtMs;
        return (
          <g
            key={first!.logged.id}
            data-mark
            class={`mark tone-${tone} ${at === found ? "mark-chosen" : ""}`}
            role="button"
            tabindex={at === current ? 0 : -1}
            aria-label={lifeLine.mark(whole, timeOfDay(first!.atMs, locale, true))}
            aria-pressed={at === found}
            onClick={() => go(at)}
            onKeyDown={(event) => onKeyDown(event, at)}
          >
            <rect class="mark-hit" x={x - 12} y={y - 12} width="24" height="24" rx="4" />
            {intent !== undefined && x - xOf(intent) > 6 && (
              <path
                class="mark-intent"
                d={`M${Math.max(least, xOf(intent))} ${y - 5}v10M${Math.max(least, xOf(intent))} ${y}H${x}`}
              />
            )}
            <Glyph lane={lane} tone={tone} x={x} y={y} />
            {marks.length > 1 && (
              <text class="mark-count" x={x + 7} y={y - 4}>
                {marks.length}
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}

function anchorOf(x: number, widthPx: number): "middle" | "end" {
  return x > widthPx - 24 ? "end" : "middle";
}

function useWidth(box: { readonly current: HTMLDivElement | null }): number {
  const [widthPx, setWidth] = useState(0);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    setWidth(element.clientWidth);
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return widthPx;
}

/** The server's wall clock, as the page knows it. */
export function useServerNow(): number {
  const app = useApp();
  // Reads the signal, so that the component updates each second.
  return Math.max(app.now.value, nowMs() - 1_000) + app.wallOffsetMs.value;
}
