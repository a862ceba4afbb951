/** The first steps, and a simulated credential for demonstrations. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api } from "../api.ts";
import { useApp } from "../app.ts";

export interface GuideProps {
  /** The reference of the simulated credential. */
  readonly demo: string | undefined;
  /** True while the simulated credential is the only one. */
  readonly isEmpty: boolean;
}

export function Guide({ demo, isEmpty }: GuideProps): JSX.Element {
  const { guide } = useApp().dictionary.value;
  return (
    <div class="guide">
      {demo !== undefined && <Play />}
      {isEmpty && (
        <section class="panel">
          <h2>{guide.title}</h2>
          <p>{guide.intro}</p>
          <ol class="steps">
            {guide.steps.map(({ text, title }) => (
              <li key={title}>
                <strong>{title}</strong>
                <span>{text}</span>
              </li>
            ))}
          </ol>
        </section>
      )}
    </div>
  );
}

function Play(): JSX.Element {
  const { guide, problems } = useApp().dictionary.value;
  const [state, setState] = useState<"ready" | "busy" | "stolen" | "failed">("ready");
  const steal = async (): Promise<void> => {
    setState("busy");
    try {
      await api.steal();
      setState("stolen");
    } catch {
      setState("failed");
    }
  };
  return (
    <section class="panel">
      <h2>{guide.demoTitle}</h2>
      <p>{guide.demoText}</p>
      <div class="panel-actions">
        <button
          type="button"
          class="button button-primary"
          disabled={state === "busy"}
          onClick={() => void steal()}
        >
          {state === "busy" ? guide.stealing : guide.steal}
        </button>
        <span role="status" class="muted">
          {state === "stolen" ? guide.stolen : state === "failed" ? problems.unreachable : ""}
        </span>
      </div>
    </section>
  );
}
