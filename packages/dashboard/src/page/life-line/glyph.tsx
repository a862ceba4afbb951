/** The shape of a mark. It depends on lane and tone, so that it is recognisable without colour. */
import type { JSX } from "preact";
import type { Tone } from "../severity.ts";
import type { Mark } from "./model.ts";

interface GlyphProps {
  readonly lane: Mark["lane"];
  readonly tone: Tone;
  readonly x: number;
  readonly y: number;
}

/** Centred on the origin, 10 px wide. */
const shapes: Readonly<Record<Mark["lane"], string>> = {
  fetches: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0",
  refusals: "M0-6 6 5H-6z",
  others: "M0-7 7 0 0 7-7 0z",
  doubt: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0",
  store: "M-5-5H5V5H-5z",
};
const cross = "M-5-5 5 5M5-5-5 5";

export function Glyph({ lane, tone, x, y }: GlyphProps): JSX.Element {
  const isFailure = lane === "fetches" && tone !== "good";
  const isHollow = lane === "doubt" || (lane === "store" && tone === "good");
  return (
    <path
      class={`glyph ${isFailure ? "glyph-cross" : isHollow ? "glyph-hollow" : ""}`}
      transform={`translate(${x} ${y})`}
      d={isFailure ? cross : shapes[lane]}
    />
  );
}
