/** The nodes, and how soon each adopts a new token. */
import type { JSX } from "preact";
import { api } from "../api.ts";
import { useApp } from "../app.ts";
import { Table } from "../parts/table.tsx";
import { useRead } from "../parts/use-read.ts";
import { duration } from "../words.ts";
import { Panel } from "./panel.tsx";

export function FleetView(): JSX.Element {
  const app = useApp();
  const dictionary = app.dictionary.value;
  const { fleet: text, ofTotal } = dictionary;
  const state = useRead(api.fleet, app.changes.value);
  const time = (ms: number | undefined): string =>
    ms === undefined ? text.unknown : duration(ms, dictionary);
  return (
    <Panel title={text.title} intro={text.intro} state={state}>
      {({ nodes }) => (
        <Table
          label={text.title}
          empty={text.empty}
          rows={nodes}
          columns={[
            { title: text.node, cell: ({ node }) => node },
            { title: text.environment, cell: ({ environment }) => environment },
            { title: text.on, cell: ({ on, total }) => ofTotal(on, total), isNumber: true },
            {
              title: text.seen,
              cell: ({ lastAgoMs }) => text.ago(duration(lastAgoMs, dictionary)),
              isNumber: true,
            },
            { title: text.median, cell: ({ lagMs }) => time(lagMs?.median), isNumber: true },
            { title: text.most, cell: ({ lagMs }) => time(lagMs?.most), isNumber: true },
          ]}
        />
      )}
    </Panel>
  );
}
