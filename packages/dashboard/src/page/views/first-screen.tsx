/** The first screen: one sentence, then the credentials, the worst first. */
import type { OverviewRow } from "@lingpai/server";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { aged, useApp } from "../app.ts";
import { LifeBar } from "../parts/life-bar.tsx";
import { StateIcon } from "../parts/state-icon.tsx";
import { useVirtual } from "../parts/use-virtual.ts";
import { hashOf } from "../route.ts";
import { countsOf, severityOf, tones, worstFirst } from "../severity.ts";
import type { Severity } from "../severity.ts";
import { headline, shortRef } from "../words.ts";
import { Guide } from "./guide.tsx";

export function FirstScreen(): JSX.Element {
  const app = useApp();
  const dictionary = app.dictionary.value;
  const { list, states } = dictionary;
  const [text, setText] = useState("");
  const [only, setOnly] = useState<Severity>();
  const now = app.now.value;
  const held = app.rows.value;
  const rows = [...(held?.values() ?? [])].map((each) => aged(each, now));
  const session = app.session.value;
  const demo = typeof session === "object" ? session.demo : undefined;
  const counts = useInOrderOfAppearance(countsOf(rows));
  if (held === undefined) return <p class="muted">{dictionary.loading}</p>;
  const chosen = counts.some(({ severity }) => severity === only) ? only : undefined;
  const wanted = text.trim().toLowerCase();
  const shown = worstFirst(
    rows.filter(
      (row) =>
        (chosen === undefined || severityOf(row) === chosen) &&
        row.ref.toLowerCase().includes(wanted),
    ),
  );
  return (
    <>
      <h1 class="headline">{headline(rows, now + app.wallOffsetMs.value, dictionary)}</h1>
      {(demo !== undefined || rows.length === 0) && (
        <Guide demo={demo} isEmpty={rows.every(({ ref }) => ref === demo)} />
      )}
      {rows.length > 0 && (
        <>
          {rows.length > 1 && (
            <div class="filters">
              <input
                type="search"
                class="search"
                placeholder={list.filter}
                aria-label={list.filter}
                value={text}
                onInput={({ currentTarget }) => setText(currentTarget.value)}
              />
              <div class="counts">
                <Count
                  isChosen={chosen === undefined}
                  label={list.all}
                  count={rows.length}
                  onClick={() => setOnly(undefined)}
                />
                {counts.map(({ count, severity }) => (
                  <Count
                    key={severity}
                    isChosen={severity === chosen}
                    label={states[severity]}
                    count={count}
                    onClick={() => setOnly(severity === chosen ? undefined : severity)}
                  />
                ))}
              </div>
            </div>
          )}
          {shown.length === 0 ? <p class="muted">{list.noMatch}</p> : <List rows={shown} />}
        </>
      )}
    </>
  );
}

type Counted = ReturnType<typeof countsOf>;

/** The worst come first at the beginning. Later ones are appended, so that no button moves. */
function useInOrderOfAppearance(counts: Counted): Counted {
  const seen = useRef<Severity[]>([]);
  for (const { severity } of counts)
    if (!seen.current.includes(severity)) seen.current.push(severity);
  return counts.toSorted(
    (one, other) => seen.current.indexOf(one.severity) - seen.current.indexOf(other.severity),
  );
}

interface CountProps {
  readonly isChosen: boolean;
  readonly label: string;
  readonly count: number;
  readonly onClick: () => void;
}

function Count({ count, isChosen, label, onClick }: CountProps): JSX.Element {
  return (
    <button type="button" class="count" aria-pressed={isChosen} onClick={onClick}>
      {label} <span class="count-number">{count}</span>
    </button>
  );
}

/** In rem, as in the style sheet: for a narrow screen and a wide one. */
const rowRem = { narrow: 9.75, wide: 3.75 };
const narrow = "(max-width: 63.99rem)";

function useRowPx(): number {
  const measure = (): number => {
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
    return rem * (matchMedia(narrow).matches ? rowRem.narrow : rowRem.wide);
  };
  const [px, setPx] = useState(measure);
  useEffect(() => {
    const look = (): void => setPx(measure());
    addEventListener("resize", look);
    return () => removeEventListener("resize", look);
  }, []);
  return px;
}

function List({ rows }: { readonly rows: readonly OverviewRow[] }): JSX.Element {
  const { list } = useApp().dictionary.value;
  const { columns } = list;
  const rowPx = useRowPx();
  const { from, ref, to } = useVirtual(rows.length, rowPx);
  return (
    <div class="list" role="table" aria-label={list.label} aria-rowcount={rows.length + 1}>
      <div role="rowgroup">
        <div class="row row-head" role="row" aria-rowindex={1}>
          {(["name", "state", "life", "origin", "quota", "nodes"] as const).map((name) => (
            <span key={name} role="columnheader" class={`cell-${name}`}>
              {columns[name]}
            </span>
          ))}
        </div>
      </div>
      <div ref={ref} role="rowgroup" class="rows" style={{ height: `${rows.length * rowPx}px` }}>
        {rows.slice(from, to).map((row, at) => (
          <Row key={row.ref} row={row} index={from + at} topPx={(from + at) * rowPx} />
        ))}
      </div>
    </div>
  );
}

/** Padded with figure spaces, so that a number that gains a digit keeps its place. */
function padded(count: number): string {
  return String(count).padStart(4, "\u2007");
}

interface RowProps {
  readonly row: OverviewRow;
  readonly index: number;
  readonly topPx: number;
}

function Row({ index, row, topPx }: RowProps): JSX.Element {
  const { list, meanings, reasons, states } = useApp().dictionary.value;
  const severity = severityOf(row);
  const { by, failure, generation, nodes, quota, ref } = row;
  const why = failure === undefined ? undefined : list.fails(failure.code);
  return (
    <div
      class={`row row-${tones[severity]}`}
      role="row"
      aria-rowindex={index + 2}
      style={{ transform: `translateY(${topPx}px)` }}
    >
      <span role="cell" class="cell-name">
        <a class="row-link" href={hashOf({ section: "credentials", ref })} title={ref}>
          {shortRef(ref)}
        </a>
        <span class="muted small">{row.environment}</span>
      </span>
      <span
        role="cell"
        class={`cell-state state tone-${tones[severity]}`}
        title={meanings[severity]}
      >
        <StateIcon tone={tones[severity]} />
        {states[severity]}
      </span>
      <span role="cell" class="cell-life">
        <LifeBar row={row} />
      </span>
      <span role="cell" class="cell-origin">
        {generation === undefined ? (
          <span class="origin-alone muted">{why ?? "–"}</span>
        ) : (
          <>
            <span class="num">{list.generation(generation)}</span>
            {by && <span class="origin-node">{list.by(by.node)}</span>}
            {by && (
              <span class="origin-why muted small">{why ?? reasons[by.reason] ?? by.reason}</span>
            )}
          </>
        )}
      </span>
      <span role="cell" class="cell-quota num">
        <span class="cell-label muted small" aria-hidden="true">
          {`${list.columns.quota} `}
        </span>
        {padded(quota.used)}
        <span class="muted">{quota.perDay === undefined ? "" : ` / ${quota.perDay}`}</span>
      </span>
      <span role="cell" class="cell-nodes num" title={list.nodes(nodes.on, nodes.total)}>
        <span class="hidden">{list.nodes(nodes.on, nodes.total)}</span>
        <span class="cell-label muted small" aria-hidden="true">
          {`${list.columns.nodes} `}
        </span>
        <span aria-hidden="true" class={nodes.on < nodes.total ? "behind" : undefined}>
          {nodes.total === 0 ? "–" : `${nodes.on}/${nodes.total}`}
        </span>
      </span>
    </div>
  );
}
