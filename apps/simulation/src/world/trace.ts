/**
 * What happened in a world, to be read by people and to be compared between two runs of one seed.
 */

interface Line {
  readonly atMs: number;
  readonly who: string;
  readonly what: string;
}

export class Chronicle {
  readonly #startMs: number;
  readonly #linesMax: number;
  #lines: Line[] = [];
  #hash = 0x811c9dc5;
  #count = 0;

  /** Keeps at least the newest `linesMax` lines; the fingerprint covers all. */
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

  /** Equal for equal histories: how many lines, and a hash of them. */
  get fingerprint(): string {
    return `${this.#count}-${(this.#hash >>> 0).toString(16).padStart(8, "0")}`;
  }

  /** The newest `count` lines, one event each. */
  tell(count: number): string {
    return this.#lines
      .slice(-count)
      .map(({ atMs, who, what }) => `${clockFace(atMs - this.#startMs)}  ${who.padEnd(9)} ${what}`)
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

/** `7:03:59.250`, counted from the world's beginning. */
export function clockFace(ms: number): string {
  const seconds = ms / 1000;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return `${String(hours).padStart(2)}:${String(minutes).padStart(2, "0")}:${(seconds % 60).toFixed(3).padStart(6, "0")}`;
}
