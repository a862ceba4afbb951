/** The server's keys, without their text. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api } from "../api.ts";
import type { KeyInfo } from "../api.ts";
import { useApp } from "../app.ts";
import { Confirm } from "../parts/confirm.tsx";
import { Table } from "../parts/table.tsx";
import { useRead } from "../parts/use-read.ts";
import { duration } from "../words.ts";
import { Panel } from "./panel.tsx";

export function KeysView(): JSX.Element {
  const dictionary = useApp().dictionary.value;
  const { actions, fleet, keys: text } = dictionary;
  const state = useRead(api.keys);
  const [doomed, setDoomed] = useState<KeyInfo>();
  const revoke = async (id: string): Promise<void> => {
    await api.revokeKey(id);
    state.again();
  };
  return (
    <Panel title={text.title} intro={text.intro} state={state}>
      {({ keys }) => (
        <>
          <Table
            label={text.title}
            empty={text.empty}
            rows={keys}
            columns={[
              { title: text.name, cell: ({ name }) => name },
              { title: text.id, cell: ({ id }) => <code>{id}</code> },
              { title: text.rights, cell: ({ rights }) => rights.join(", ") },
              { title: text.refs, cell: ({ refs }) => refs.join(", "), isProse: true },
              {
                title: text.created,
                cell: ({ createdAgoMs }) => fleet.ago(duration(createdAgoMs, dictionary)),
                isNumber: true,
              },
              {
                title: text.state,
                cell: (key) =>
                  key.revokedAgoMs === undefined ? (
                    <button
                      type="button"
                      class="button button-danger"
                      onClick={() => setDoomed(key)}
                    >
                      {text.revoke}
                    </button>
                  ) : (
                    <span class="muted">{text.revoked}</span>
                  ),
              },
            ]}
          />
          {doomed !== undefined && (
            <Confirm
              title={actions.revokeKeyTitle(doomed.name)}
              text={actions.revokeKeyText}
              action={text.revoke}
              isDangerous
              run={() => revoke(doomed.id)}
              onClose={() => setDoomed(undefined)}
            />
          )}
        </>
      )}
    </Panel>
  );
}
