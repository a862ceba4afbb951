/** The browser's time: the only file of the page that reads its clocks or sets timers. */

/** Monotonic, in ms since the page was opened. */
export function nowMs(): number {
  return performance.now();
}

/** Calls back once. Returns a function that cancels it. */
export function after(delayMs: number, fire: () => void): () => void {
  const timer = setTimeout(fire, delayMs);
  return () => clearTimeout(timer);
}

/** Calls back repeatedly. Returns a function that ends it. */
export function every(periodMs: number, fire: () => void): () => void {
  const timer = setInterval(fire, periodMs);
  return () => clearInterval(timer);
}

export function timeout(afterMs: number): AbortSignal {
  return AbortSignal.timeout(afterMs);
}
