/** The conflicts: evidence of tokens that a system outside the fleet has replaced. */
import type { JSX } from "preact";
import { api } from "../api.ts";
import { useApp } from "../app.ts";
import { useServerNow } from "../life-line/life-line.tsx";
import { RefLink } from "../parts/ref-link.tsx";
import { Table } from "../parts/table.tsx";
import { useRead } from "../parts/use-read.ts";
import { duration, instant } from "../words.ts";
import { Panel } from "./panel.tsx";

export function ConflictsView(): JSX.Element {
  const app = useApp();
  const dictionary = app.dictionary.value;
  const { conflicts: text, locale } = dictionary;
  const state = useRead(api.conflicts, app.changes.value);
  const nowMs = useServerNow();
  return (
    <Panel title={text.title} intro={text.intro} state={state}>
      {({ conflicts }) => (
        <Table
          label={text.title}
          empty={text.empty}
          rows={conflicts}
          columns={[
            {
              title: text.time,
              cell: ({ agoMs }) => instant(nowMs - agoMs, nowMs, locale),
            },
            { title: text.credential, cell: (one) => <RefLink name={one.ref} /> },
            { title: text.state, cell: (one) => text[one.state] },
            {
              title: text.killed,
              cell: ({ ageMs, fingerprint, remainingMs }) =>
                text.killedText(
                  fingerprint,
                  duration(ageMs, dictionary),
                  duration(remainingMs, dictionary),
                ),
            },
            { title: text.node, cell: ({ node }) => node },
            { title: text.claimedBy, cell: ({ claimedBy }) => claimedBy ?? text.nobody },
            { title: text.remedy, cell: () => dictionary.events.contended.remedy, isProse: true },
          ]}
        />
      )}
    </Panel>
  );
}
