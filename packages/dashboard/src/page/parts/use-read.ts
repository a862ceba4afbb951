/** Reads data of the server for a view, and reads it again when it may have changed. */
import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../api.ts";
import { useApp } from "../app.ts";

export interface ReadState<T> {
  readonly value: T | undefined;
  readonly failure: ApiError | undefined;
  readonly again: () => void;
}

/** The data is read again when `every` changes. */
export function useRead<T>(read: () => Promise<T>, every: unknown = undefined): ReadState<T> {
  const app = useApp();
  const [value, setValue] = useState<T>();
  const [failure, setFailure] = useState<ApiError>();
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let isOld = false;
    read().then(
      (found) => {
        if (isOld) return;
        setValue(() => found);
        setFailure(undefined);
      },
      (error: unknown) => {
        if (isOld) return;
        setFailure(error instanceof ApiError ? error : new ApiError(0, "", String(error), ""));
        if (error instanceof ApiError && error.status === 401) void app.reload();
      },
    );
    return () => {
      isOld = true;
    };
  }, [turn, every]);
  return { value, failure, again: () => setTurn((before) => before + 1) };
}
