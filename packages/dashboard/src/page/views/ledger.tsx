/** The fetches and their reasons. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { api } from "../api.ts";
import { useApp } from "../app.ts";
import { useServerNow } from "../life-line/life-line.tsx";
import { RefLink } from "../parts/ref-link.tsx";
import { Series } from "../parts/series.tsx";
import { Table } from "../parts/table.tsx";
import { useRead } from "../parts/use-read.ts";
import { timeOfDay } from "../words.ts";
import { Panel } from "./panel.tsx";

export function LedgerView(): JSX.Element {
  const app = useApp();
  const { ledger: text, list, locale, reasons } = app.dictionary.value;
  const state = useRead(api.ledger, app.changes.value);
  const nowMs = useServerNow();
  const readAtMs = useMemo(() => nowMs, [state.value]);
  return (
    <Panel title={text.title} intro={text.intro} state={state}>
      {({ credentials, hours }) => (
        <>
          <section class="panel">
            <h2>{text.chart}</h2>
            <Series label={text.chart} hours={hours} nowWallMs={readAtMs} />
            <details class="twin">
              <summary>{text.twin}</summary>
              <Table
                label={text.chart}
                empty=""
                isDense
                rows={hours}
                columns={[
                  {
                    title: text.hour,
                    cell: (hour) => timeOfDay(readAtMs - hour.startedAgoMs, locale),
                    isNumber: true,
                  },
                  { title: text.fetched, cell: (hour) => hour.fetched, isNumber: true },
                  { title: text.failed, cell: (hour) => hour.failed, isNumber: true },
                  { title: text.rejected, cell: (hour) => hour.rejected, isNumber: true },
                  { title: text.contended, cell: (hour) => hour.contended, isNumber: true },
                ]}
              />
            </details>
          </section>
          <Table
            label={text.title}
            empty=""
            rows={credentials
              .toSorted((one, other) => shareOf(other) - shareOf(one))
              .slice(0, rowsMax)}
            columns={[
              { title: text.credential, cell: (row) => <RefLink name={row.ref} /> },
              { title: text.used, cell: (row) => row.used, isNumber: true },
              { title: text.perDay, cell: (row) => row.perDay ?? list.noLimit, isNumber: true },
              {
                title: text.share,
                cell: (row) =>
                  row.perDay === undefined ? "–" : `${(100 * shareOf(row)).toFixed(1)} %`,
                isNumber: true,
              },
              {
                title: text.reasons,
                cell: ({ byReason }) =>
                  Object.entries(byReason)
                    .map(([reason, count]) => `${reasons[reason] ?? reason} ${count}`)
                    .join(" · ") || text.none,
              },
            ]}
          />
        </>
      )}
    </Panel>
  );
}

const rowsMax = 1_000;

function shareOf(row: { readonly used: number; readonly perDay?: number | undefined }): number {
  return row.perDay === undefined ? 0 : row.used / row.perDay;
}
