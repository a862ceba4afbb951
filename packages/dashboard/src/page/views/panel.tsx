/** The frame of a section: its title, its description, and its data or the error. */
import type { ComponentChildren, JSX } from "preact";
import { useApp } from "../app.ts";
import type { ReadState } from "../parts/use-read.ts";

export interface PanelProps<T> {
  readonly title: string;
  readonly intro: string;
  readonly state: ReadState<T>;
  readonly children: (value: T) => ComponentChildren;
}

export function Panel<T>({ children, intro, state, title }: PanelProps<T>): JSX.Element {
  const { forbidden, loading, problems } = useApp().dictionary.value;
  const { again, failure, value } = state;
  return (
    <>
      <h1 class="headline">{title}</h1>
      <p class="intro">{intro}</p>
      {failure !== undefined &&
        (failure.status === 403 ? (
          <p class="notice tone-warn">{forbidden}</p>
        ) : (
          <p class="notice tone-warn" role="alert">
            {failure.status === 0 ? problems.unreachable : problems.failed(failure.message)}{" "}
            <button type="button" class="button" onClick={again}>
              {problems.retry}
            </button>
          </p>
        ))}
      {value === undefined
        ? failure === undefined && <p class="muted">{loading}</p>
        : children(value)}
    </>
  );
}
