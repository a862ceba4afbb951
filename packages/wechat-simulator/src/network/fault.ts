/**
 * What may go wrong between a client and the platform, and the plan that says which request it
 * happens to.
 */

/**
 * What happens to one request. Every field is optional; an empty fault is a request without fault.
 */
export interface Fault {
  /**
   * How long the request travels before the platform processes it, in ms. @defaultValue the
   * simulator's latency, half of it
   */
  readonly delayBeforeMs?: number;
  /** How long the answer travels, in ms. @defaultValue the simulator's latency, half of it */
  readonly delayAfterMs?: number;
  /** The request never reaches the platform; the client sees a connection reset. */
  readonly loseRequest?: boolean;
  /** A proxy on the way refuses the tunnel with this status: nothing reaches the platform. */
  readonly refuseConnect?: 407 | 502;
  /**
   * The platform processes the request, then `"reset"` (or true) breaks the connection and
   * `"silence"` answers nothing, ever.
   */
  readonly loseReply?: boolean | "reset" | "silence";
  /** Answers with this errcode instead of processing: -1 busy, 45011, 48001 and so on. */
  readonly errcode?: number;
  /**
   * Whether the platform processes the request before the answer is corrupt. @defaultValue true,
   * with `errcode` false
   */
  readonly processed?: boolean;
  /** The HTTP status. @defaultValue 200 */
  readonly status?: number;
  /** Added to the answer's headers, or replacing them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Replaces the body: by name, or by a function of the true one. */
  readonly body?:
    | CorruptBody
    | ((
        text: string,
      ) => string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>);
}

/**
 * `html`: a proxy's page. `truncated`: the first half. `empty`: nothing. `object`: `{}`. `huge`:
 * 100 MB of valid JSON white space around the answer. `drip`: one byte per second.
 * `control-characters`: a field more, with a raw control character in its text, as nicknames have
 * had them since 2015.
 */
export type CorruptBody =
  | "html"
  | "truncated"
  | "empty"
  | "object"
  | "huge"
  | "drip"
  | "control-characters";

/** What a plan decides by. */
export interface FaultSubject {
  readonly endpoint: string;
  readonly method: string;
  readonly query: URLSearchParams;
  readonly caller: string;
  /** Counts the simulator's requests from 1. */
  readonly ordinal: number;
}

export type FaultSource = (subject: FaultSubject) => Fault | undefined;

/** Which requests a script applies to: all that match every given field. */
export interface FaultMatch {
  readonly endpoint?: string;
  readonly caller?: string;
  readonly when?: (subject: FaultSubject) => boolean;
}

interface Script {
  readonly match: FaultMatch;
  readonly fault: Fault;
  left: number;
}

/**
 * Decides for each request: the first script that matches and is not used up, else the standing
 * source, else no fault.
 */
export class FaultPlan {
  #scripts: Script[] = [];
  #source: FaultSource | undefined;

  /**
   * The next `times` requests that match meet this fault. Scripts are used in the order in which
   * they were added.
   */
  next(
    fault: Fault,
    match: FaultMatch & { /** @defaultValue 1 */ readonly times?: number } = {},
  ): void {
    this.#scripts.push({ fault, match, left: match.times ?? 1 });
  }

  /** Asks `source` about every request that no script applies to. Replaces the source before. */
  always(source: FaultSource): void {
    this.#source = source;
  }

  clear(): void {
    this.#scripts = [];
    this.#source = undefined;
  }

  /** How many scripted faults have not happened yet: 0 when a test used all it set up. */
  get pending(): number {
    return this.#scripts.reduce((sum, script) => sum + script.left, 0);
  }

  take(subject: FaultSubject): Fault | undefined {
    const script = this.#scripts.find(({ match }) => applies(match, subject));
    if (script === undefined) return this.#source?.(subject);
    script.left -= 1;
    if (script.left <= 0) this.#scripts = this.#scripts.filter((other) => other !== script);
    return script.fault;
  }
}

function applies({ endpoint, caller, when }: FaultMatch, subject: FaultSubject): boolean {
  return (
    (endpoint === undefined || endpoint === subject.endpoint) &&
    (caller === undefined || caller === subject.caller) &&
    (when === undefined || when(subject))
  );
}
