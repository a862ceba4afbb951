/** Computes which rows of a long list are visible, so that only those are rendered. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { RefObject } from "preact";

export interface Range {
  readonly from: number;
  readonly to: number;
}

const spare = 6;

/** Returns the rows of equal height that the window shows. */
export function visibleRange(topPx: number, windowPx: number, rowPx: number, count: number): Range {
  const first = Math.floor(Math.max(0, -topPx) / rowPx) - spare;
  const last = Math.ceil((windowPx - topPx) / rowPx) + spare;
  const from = Math.min(Math.max(0, first), Math.max(0, count - 1));
  return { from, to: Math.max(from, Math.min(count, last)) };
}

export function useVirtual(
  count: number,
  rowPx: number,
): Range & { readonly ref: RefObject<HTMLDivElement | null> } {
  const ref = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState<Range>({ from: 0, to: Math.min(count, 40) });
  useEffect(() => {
    const look = (): void => {
      const top = ref.current?.getBoundingClientRect().top ?? 0;
      const next = visibleRange(top, innerHeight, rowPx, count);
      setRange((before) => (before.from === next.from && before.to === next.to ? before : next));
    };
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [count, rowPx]);
  return { ref, from: Math.min(range.from, count), to: Math.min(range.to, count) };
}
