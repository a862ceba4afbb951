/** StandingRefusals that concern one endpoint, or that end: what a live token meets all the same. */

export interface RefusalOptions {
  /** The path that refuses. @defaultValue all that spend a token of this owner */
  readonly endpoint?: string;
  /** @defaultValue 40001 */
  readonly code?: number;
  /** How often it refuses. @defaultValue for as long as `forMs` says */
  readonly times?: number;
  /** How long it refuses, in ms. @defaultValue Infinity */
  readonly forMs?: number;
}

interface StandingRefusal {
  readonly appId: string;
  readonly endpoint: string | undefined;
  readonly code: number;
  readonly untilMs: number;
  left: number;
}

export class StandingRefusals {
  #standing: StandingRefusal[] = [];

  add(
    appId: string,
    { endpoint, code = 40001, times = Infinity, forMs = Infinity }: RefusalOptions,
    nowMs: number,
  ): void {
    this.#standing.push({ appId, endpoint, code, untilMs: nowMs + forMs, left: times });
  }

  /** The code that a call is refused with in spite of its live token; counts it. */
  take(appId: string, endpoint: string, nowMs: number): number | undefined {
    this.#standing = this.#standing.filter(({ untilMs, left }) => nowMs < untilMs && left > 0);
    const found = this.#standing.find(
      (each) => each.appId === appId && (each.endpoint ?? endpoint) === endpoint,
    );
    if (found !== undefined) found.left -= 1;
    return found?.code;
  }

  clear(appId: string): void {
    this.#standing = this.#standing.filter((each) => each.appId !== appId);
  }
}
