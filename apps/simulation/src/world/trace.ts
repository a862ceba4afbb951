/**
 * The trace of a run: people read it, and tests compare it between two runs of one seed.
 */

interface Line {
  readonly atMs: number;
  readonly who: string;
  readonly what: string;
}

export class Trace {
  readonly #startMs: number;
  readonly #linesMax: number;
  #lines: Line[] = [];
  #hash = 0x811c9dc5;
  #count = 0;

  /** Keeps at least the newest `linesMax` lines. The fingerprint covers all lines. */
  constructor(startMs: number, linesMax: number) {
    this.#startMs = startMs;
    this.#linesMax = linesMax;
  }

  add(atMs: number, who: string, what: string): void {
    this.#count += 1;
    this.#mix(who);
    this.#mix(what);
    this.#mix(String(atMs - this.#startMs));
    this.#lines.push({ atMs, who, what });
    if (this.#lines.length > 2 * this.#linesMax) this.#lines = this.#lines.slice(-this.#linesMax);
  }

  /** Equal for equal traces: the number of lines and a hash of them. */
  get fingerprint(): string {
    return `${this.#count}-${(this.#hash >>> 0).toString(16).padStart(8, "0")}`;
  }

  /** Returns the newest `count` lines, one event each. */
  newest(count: number): string {
    return this.#lines
      .slice(-count)
      .map(({ atMs, who, what }) => `${formatTime(atMs - this.#startMs)}  ${who.padEnd(9)} ${what}`)
      .join("\n");
  }

  /** FNV-1a over the code units. */
  #mix(text: string): void {
    let hash = this.#hash;
    for (let index = 0; index < text.length; index += 1)
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    this.#hash = hash;
  }
}

/** Formats a time since the start of the run, such as `7:03:59.250`. */
export function formatTime(ms: number): string {
  const seconds = ms / 1000;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return `${String(hours).padStart(2)}:${String(minutes).padStart(2, "0")}:${(seconds % 60).toFixed(3).padStart(6, "0")}`;
}
