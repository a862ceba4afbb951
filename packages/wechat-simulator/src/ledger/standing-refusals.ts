/** Refusals that last for a while and affect even live tokens, at one endpoint or at all. */

export interface RefusalOptions {
  /**
   * The path that refuses.
   * @defaultValue all paths that spend a token of this owner
   */
  readonly endpoint?: string;
  /** @defaultValue 40001 */
  readonly code?: number;
  /**
   * How many times it refuses.
   * @defaultValue no limit but `forMs`
   */
  readonly times?: number;
  /**
   * How long it refuses, in ms.
   * @defaultValue Infinity
   */
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

  /** The code with which this call is refused although its token is alive. Counts the refusal. */
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
