/** One credential: its life line of 24 h, its present state, and the possible actions. */
import type { OverviewRow } from "@lingpai/server";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../api.ts";
import type { LoggedEvent } from "../api.ts";
import { aged, useApp } from "../app.ts";
import { LifeLine, useServerNow } from "../life-line/life-line.tsx";
import { marksOf } from "../life-line/model.ts";
import type { Cluster } from "../life-line/model.ts";
import { runbookOf, toldOf } from "../life-line/why.ts";
import { Confirm } from "../parts/confirm.tsx";
import { LifeBar } from "../parts/life-bar.tsx";
import { StateIcon } from "../parts/state-icon.tsx";
import { Table } from "../parts/table.tsx";
import { severityOf, tones } from "../severity.ts";
import { duration, instant } from "../words.ts";

export function CredentialView({ name }: { readonly name: string }): JSX.Element {
  const app = useApp();
  const dictionary = app.dictionary.value;
  const { meanings, states } = dictionary;
  const held = app.rows.value?.get(name);
  const events = useLifeLine(name);
  if (held === undefined)
    return (
      <>
        <Back />
        <p>{app.rows.value === undefined ? dictionary.loading : dictionary.unknown}</p>
      </>
    );
  const row = aged(held, app.now.value);
  const severity = severityOf(row);
  return (
    <>
      <Back />
      <div class="title-line">
        <h1 class="ref">{name}</h1>
        <Actions row={row} />
      </div>
      <p class="state-line">
        <span class={`state tone-${tones[severity]}`}>
          <StateIcon tone={tones[severity]} />
          {states[severity]}
        </span>{" "}
        {meanings[severity]}
      </p>
      {/* Together, so that what is below does not move when the events are there. */}
      {events !== undefined && (
        <>
          <Line events={events} row={row} />
          <Facts row={row} />
        </>
      )}
    </>
  );
}

function Back(): JSX.Element {
  return (
    <a class="back" href="#/">
      ← {useApp().dictionary.value.back}
    </a>
  );
}

/** The stored events first, then new ones. */
function useLifeLine(name: string): readonly LoggedEvent[] | undefined {
  const app = useApp();
  const [events, setEvents] = useState<readonly LoggedEvent[]>();
  const turn = app.changes.value.get(name) ?? 0;
  const isOpen = app.stream.value === "open";
  useEffect(() => {
    let isOld = false;
    api.lifeLine(name, events?.at(-1)?.id).then(
      (more) => {
        if (!isOld && (more.length > 0 || events === undefined))
          setEvents([...(events ?? []), ...more]);
      },
      () => {
        if (!isOld) setEvents((before) => before ?? []);
      },
    );
    return () => {
      isOld = true;
    };
  }, [name, turn, isOpen]);
  return events;
}

const spans = [24, 6, 1] as const;

interface LineProps {
  readonly events: readonly LoggedEvent[];
  readonly row: OverviewRow;
}

function Line({ events, row }: LineProps): JSX.Element {
  const dictionary = useApp().dictionary.value;
  const { lifeLine } = dictionary;
  const [hours, setHours] = useState<number>(24);
  const [picked, setPicked] = useState<readonly LoggedEvent[]>();
  const atMs = useServerNow();
  const shown = events.filter(({ atMs: at }) => at >= atMs - hours * 3_600_000);
  const choose = ({ marks }: Cluster): void => setPicked(marks.map(({ logged }) => logged));
  const chosen = picked ?? worstOf(shown);
  return (
    <section class="panel panel-line">
      <div class="panel-head">
        <h2>{lifeLine.title}</h2>
        <fieldset class="segments">
          <legend class="hidden">{lifeLine.span}</legend>
          {spans.map((span) => (
            <label key={span}>
              <input
                type="radio"
                name="span"
                checked={span === hours}
                onChange={() => setHours(span)}
              />
              <span>{lifeLine.hours(span)}</span>
            </label>
          ))}
        </fieldset>
      </div>
      <LifeLine
        events={events}
        row={row}
        atMs={atMs}
        hours={hours}
        chosen={chosen[0]?.id}
        onChoose={choose}
      />
      <div class="told" aria-live="polite">
        {chosen.length === 0 ? (
          <p class="muted">
            {lifeLine.choose} {lifeLine.help}
          </p>
        ) : (
          chosen.slice(-toldMax).map((logged) => <Told key={logged.id} logged={logged} />)
        )}
      </div>
      <details class="twin">
        <summary>{lifeLine.twin}</summary>
        <EventTable events={shown.toReversed()} />
      </details>
    </section>
  );
}

/** Until a mark is chosen: the latest of the marks that most need an explanation. */
function worstOf(events: readonly LoggedEvent[]): readonly LoggedEvent[] {
  const marks = marksOf(events).toReversed();
  for (const tone of ["bad", "doubt", "warn"] as const) {
    const found = marks.find((mark) => mark.tone === tone);
    if (found !== undefined) return [found.logged];
  }
  return [];
}

const toldMax = 4;
const rowsMax = 500;

function Told({ logged }: { readonly logged: LoggedEvent }): JSX.Element {
  const dictionary = useApp().dictionary.value;
  const { lifeLine, locale } = dictionary;
  const { remedy, text, title } = toldOf(logged, dictionary);
  return (
    <article class="told-one">
      <h3>
        {title} <time class="muted num">{instant(logged.atMs, useServerNow(), locale)}</time>
      </h3>
      <p>{text}</p>
      {remedy !== undefined && (
        <p>
          <strong>{lifeLine.remedy}:</strong> {remedy}{" "}
          <a href={runbookOf(dictionary)} rel="noreferrer" target="_blank">
            {lifeLine.runbook}
          </a>
        </p>
      )}
    </article>
  );
}

function EventTable({ events }: { readonly events: readonly LoggedEvent[] }): JSX.Element {
  const dictionary = useApp().dictionary.value;
  const { lifeLine, locale } = dictionary;
  const { columns } = lifeLine;
  const atMs = useServerNow();
  return (
    <Table
      label={lifeLine.title}
      empty={lifeLine.empty}
      rows={events.slice(0, rowsMax)}
      columns={[
        { title: columns.time, cell: (one) => instant(one.atMs, atMs, locale) },
        { title: columns.event, cell: (one) => toldOf(one, dictionary).title },
        { title: columns.node, cell: ({ event }) => String(event["node"] ?? "") },
        { title: columns.why, cell: (one) => toldOf(one, dictionary).text, isProse: true },
      ]}
    />
  );
}

function Facts({ row }: { readonly row: OverviewRow }): JSX.Element {
  const dictionary = useApp().dictionary.value;
  const { facts, list, ofTotal, reasons } = dictionary;
  const { ageMs, by, failure, fingerprint, generation, nodes, quota } = row;
  const all: readonly (readonly [string, ComponentChildren])[] = [
    [facts.left, <LifeBar key="life" row={row} />],
    [facts.generation, generation === undefined ? "–" : list.generation(generation)],
    [facts.fingerprint, fingerprint ?? "–"],
    [facts.age, ageMs === undefined ? "–" : duration(ageMs, dictionary)],
    [facts.by, by === undefined ? "–" : `${by.node} · ${reasons[by.reason] ?? by.reason}`],
    [facts.environment, row.environment],
    [facts.quota, quota.perDay === undefined ? quota.used : ofTotal(quota.used, quota.perDay)],
    [facts.nodes, list.nodes(nodes.on, nodes.total)],
    ...(failure === undefined
      ? []
      : [[facts.failure, `${failure.code} ${failure.message ?? ""}`] as const]),
  ];
  return (
    <section class="panel">
      <h2>{facts.title}</h2>
      {row.onFallback && <p class="notice tone-warn">{facts.fallback}</p>}
      <dl class="facts">
        {all.map(([term, fact]) => (
          <div key={term} class={term === facts.failure ? "fact-long" : undefined}>
            <dt>{term}</dt>
            <dd class="num">{fact}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Actions({ row }: { readonly row: OverviewRow }): JSX.Element {
  const app = useApp();
  const { actions } = app.dictionary.value;
  const [open, setOpen] = useState<"refresh" | "revoke">();
  const { may, ref } = row;
  const run = async (act: (ref: string) => Promise<void>): Promise<void> => {
    await act(ref);
    await app.reload([ref]);
  };
  return (
    <div class="actions">
      {may.refresh && (
        <button type="button" class="button" onClick={() => setOpen("refresh")}>
          {actions.refresh}
        </button>
      )}
      {may.revoke && (
        <button type="button" class="button button-danger" onClick={() => setOpen("revoke")}>
          {actions.revoke}
        </button>
      )}
      {open === "refresh" && (
        <Confirm
          title={actions.refreshTitle(ref)}
          text={actions.refreshText}
          action={actions.refresh}
          run={() => run(api.refresh)}
          onClose={() => setOpen(undefined)}
        />
      )}
      {open === "revoke" && (
        <Confirm
          title={actions.revokeTitle(ref)}
          text={actions.revokeText}
          action={actions.revoke}
          isDangerous
          run={() => run(api.revoke)}
          onClose={() => setOpen(undefined)}
        />
      )}
    </div>
  );
}
