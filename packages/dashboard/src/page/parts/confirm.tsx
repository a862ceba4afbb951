/** A dialog that describes an action before it runs. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../api.ts";
import { useApp } from "../app.ts";

export interface ConfirmProps {
  readonly title: string;
  readonly text: string;
  readonly action: string;
  readonly isDangerous?: boolean;
  readonly run: () => Promise<void>;
  readonly onClose: () => void;
}

export function Confirm(props: ConfirmProps): JSX.Element {
  const { action, isDangerous = false, onClose, run, text, title } = props;
  const { actions, problems } = useApp().dictionary.value;
  const dialog = useRef<HTMLDialogElement>(null);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiError>();
  useEffect(() => dialog.current?.showModal(), []);
  const confirm = async (): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    try {
      await run();
      dialog.current?.close();
    } catch (error) {
      setFailure(error instanceof ApiError ? error : new ApiError(0, "", String(error), ""));
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="confirm-title" onClose={onClose}>
      <h2 id="confirm-title">{title}</h2>
      <p>{text}</p>
      {failure && (
        <p class="notice tone-bad" role="alert">
          {failure.status === 0 ? problems.unreachable : `${failure.message} ${failure.remedy}`}
        </p>
      )}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          {actions.cancel}
        </button>
        <button
          type="button"
          class={`button ${isDangerous ? "button-danger" : "button-primary"}`}
          disabled={isBusy}
          onClick={() => void confirm()}
        >
          {isBusy ? actions.busy : action}
        </button>
      </div>
    </dialog>
  );
}
