/** The audit: which key did what. */
import type { JSX } from "preact";
import { api } from "../api.ts";
import { useApp } from "../app.ts";
import { useServerNow } from "../life-line/life-line.tsx";
import { RefLink } from "../parts/ref-link.tsx";
import { Table } from "../parts/table.tsx";
import { useRead } from "../parts/use-read.ts";
import { instant } from "../words.ts";
import { Panel } from "./panel.tsx";

const rowsMax = 500;

export function AuditView(): JSX.Element {
  const { audit: text, locale } = useApp().dictionary.value;
  const state = useRead(api.audit);
  const nowMs = useServerNow();
  return (
    <Panel title={text.title} intro={text.intro} state={state}>
      {(events) => (
        <Table
          label={text.title}
          empty={text.empty}
          rows={events.slice(-rowsMax).toReversed()}
          columns={[
            { title: text.time, cell: ({ atMs }) => instant(atMs, nowMs, locale) },
            { title: text.act, cell: ({ event }) => text.acts[event.type] ?? event.type },
            { title: text.key, cell: ({ event }) => String(event["name"] ?? "–") },
            {
              title: text.credential,
              cell: ({ event: { ref = "" } }) =>
                ref === "" ? "–" : <RefLink name={String(ref)} />,
            },
            { title: text.fingerprint, cell: ({ event }) => String(event["fingerprint"] ?? "–") },
            { title: text.detail, cell: ({ event }) => String(event["detail"] || "–") },
            { title: text.times, cell: ({ event }) => String(event["count"] ?? 1), isNumber: true },
          ]}
        />
      )}
    </Panel>
  );
}
