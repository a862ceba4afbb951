/** A table: on a phone each row is a card, so that no column is out of sight. */
import type { ComponentChildren, JSX } from "preact";

export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => ComponentChildren;
  readonly isNumber?: boolean;
  /** Long text, which may wrap. */
  readonly isProse?: boolean;
}

export interface TableProps<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly empty: string;
  /** Stays a table on a phone too: short numbers, to be compared by column. */
  readonly isDense?: boolean;
}

export function Table<T>(props: TableProps<T>): JSX.Element {
  const { columns, empty, isDense = false, label, rows } = props;
  if (rows.length === 0) return <p class="muted">{empty}</p>;
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label={label}>
      {/* The roles are named, because a table without a table's layout may lose them. */}
      <table class={`table ${isDense ? "" : "table-cards"}`} role="table">
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ isNumber, title }) => (
              <th
                key={title}
                scope="col"
                role="columnheader"
                class={isNumber ? "number" : undefined}
              >
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row, at) => (
            <tr key={at} role="row">
              {columns.map(({ cell, isNumber, isProse, title }) => (
                <td
                  key={title}
                  role="cell"
                  data-title={title}
                  class={isNumber ? "number" : isProse ? "prose" : undefined}
                >
                  <div>{cell(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
