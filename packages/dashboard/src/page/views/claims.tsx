/** The claims: which environment fetches which credential. */
import type { JSX } from "preact";
import { api } from "../api.ts";
import { useApp } from "../app.ts";
import { useServerNow } from "../life-line/life-line.tsx";
import { RefLink } from "../parts/ref-link.tsx";
import { StateIcon } from "../parts/state-icon.tsx";
import { Table } from "../parts/table.tsx";
import { useRead } from "../parts/use-read.ts";
import { duration, instant } from "../words.ts";
import { Panel } from "./panel.tsx";

export function ClaimsView(): JSX.Element {
  const dictionary = useApp().dictionary.value;
  const { claims: text, locale } = dictionary;
  const state = useRead(api.claims);
  const nowMs = useServerNow();
  return (
    <Panel title={text.title} intro={text.intro} state={state}>
      {({ claims, unreadable }) => (
        <>
          <Table
            label={text.title}
            empty={text.empty}
            rows={claims}
            columns={[
              {
                title: text.credential,
                cell: ({ credential }) => (
                  <>
                    <RefLink name={credential} />
                    {claims.filter((one) => one.credential === credential).length > 1 && (
                      <span class="state tone-warn">
                        <StateIcon tone="warn" /> {text.several}
                      </span>
                    )}
                  </>
                ),
              },
              { title: text.environment, cell: ({ environment }) => environment },
              { title: text.node, cell: ({ node }) => node },
              {
                title: text.since,
                cell: ({ sinceAgoMs }) => instant(nowMs - sinceAgoMs, nowMs, locale),
                isNumber: true,
              },
              {
                title: text.lapses,
                cell: ({ lapsesInMs }) => text.lapsesIn(duration(lapsesInMs, dictionary)),
                isNumber: true,
              },
            ]}
          />
          {unreadable.length > 0 && (
            <section class="panel">
              <h2>{text.unreadable}</h2>
              <ul>
                {unreadable.map(({ credential, why }) => (
                  <li key={credential}>
                    {credential}: {why}
                  </li>
                ))}
              </ul>
            </section>
          )}
        </>
      )}
    </Panel>
  );
}
