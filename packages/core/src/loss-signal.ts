/** An abort signal that looks at the clock before it answers. */

/**
 * A controller whose signal calls `check` before it tells whether it is aborted, so that code which
 * resumes after a blocked event loop or a suspend reads the truth although no timer had a chance to
 * fire. `check` may abort the controller.
 */
export function checkedController(check: () => void): AbortController {
  const controller = new AbortController();
  const { signal } = controller;
  const read = (property: "aborted" | "reason"): unknown => {
    check();
    return Reflect.get(AbortSignal.prototype, property, signal);
  };
  Object.defineProperties(signal, {
    aborted: { get: () => read("aborted") },
    reason: { get: () => read("reason") },
    throwIfAborted: {
      value: () => {
        if (read("aborted") === true) throw read("reason");
      },
    },
  });
  return controller;
}
