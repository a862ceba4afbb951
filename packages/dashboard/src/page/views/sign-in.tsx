/** The sign-in with a server key. The page does not keep the key. */
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { ApiError } from "../api.ts";
import { useApp } from "../app.ts";

export function SignIn(): JSX.Element {
  const app = useApp();
  const { problems, signIn: text } = app.dictionary.value;
  const field = useRef<HTMLInputElement>(null);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiError>();
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const key = field.current?.value.trim() ?? "";
    setBusy(true);
    setFailure(undefined);
    try {
      await app.signIn(key);
    } catch (error) {
      if (field.current !== null) field.current.value = "";
      setFailure(error instanceof ApiError ? error : new ApiError(0, "", String(error), ""));
      setBusy(false);
      field.current?.focus();
    }
  };
  const told =
    failure === undefined
      ? undefined
      : failure.status === 401 || failure.status === 400
        ? text.wrong
        : failure.status === 0
          ? problems.unreachable
          : `${failure.message} ${failure.remedy}`;
  return (
    <form class="sign-in" onSubmit={(event) => void submit(event)}>
      <h1>{text.title}</h1>
      {app.session.value === "ended" && (
        <p class="notice tone-warn" role="alert">
          {text.ended}
        </p>
      )}
      <p>{text.intro}</p>
      {/* Managers of passwords want a name to keep the key under. */}
      <input type="text" name="username" autocomplete="username" value="lingpai" readOnly hidden />
      <label class="field">
        <span>{text.key}</span>
        <input
          ref={field}
          type="password"
          name="key"
          autocomplete="current-password"
          spellcheck={false}
          required
          aria-describedby="sign-in-help"
          aria-invalid={failure !== undefined}
          placeholder="lp_…"
        />
      </label>
      <p id="sign-in-help" class="muted small">
        {text.help}
      </p>
      {told !== undefined && (
        <p class="notice tone-bad" role="alert">
          {told}
        </p>
      )}
      <button type="submit" class="button button-primary" disabled={isBusy}>
        {isBusy ? text.busy : text.submit}
      </button>
    </form>
  );
}
