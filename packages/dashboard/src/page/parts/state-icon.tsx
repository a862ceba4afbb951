/** A state as a shape: recognisable without colour, and shown beside its word. */
import type { JSX } from "preact";
import type { Tone } from "../severity.ts";

const shapes: Readonly<Record<Tone, string>> = {
  // An octagon with a cross, a triangle, a diamond, a ring, a disc with a tick.
  bad: "M5 1h6l4 4v6l-4 4H5l-4-4V5zM5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8",
  warn: "M8 1.8 15 14H1zM8 6.4v3.6M8 11.8v.6",
  doubt: "M8 1l7 7-7 7-7-7zM6.4 6.6c0-2.2 3.3-2 3.3 0 0 1.2-1.7 1.3-1.7 2.5M8 11.2v.4",
  rest: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M5.2 8h5.6",
  good: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M5 8.2l2.1 2.1L11 6.2",
};

export function StateIcon({ tone }: { readonly tone: Tone }): JSX.Element {
  return (
    <svg class={`icon tone-${tone}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={shapes[tone]} />
    </svg>
  );
}
