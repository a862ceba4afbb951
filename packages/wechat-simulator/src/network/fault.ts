/**
 * The faults between a client and the platform, and the plan that decides which request meets
 * which.
 */

/**
 * The bytes of a body. TypeScript before 5.7 has no `Uint8Array<ArrayBuffer>`; each version knows
 * the type that its own encoder returns.
 */
export type Bytes = ReturnType<InstanceType<typeof TextEncoder>["encode"]>;

/** The fault of one request. Every field is optional; an empty fault changes nothing. */
export interface Fault {
  /**
   * How long the request travels before the platform processes it, in ms.
   * @defaultValue half of the simulator's latency
   */
  readonly delayBeforeMs?: number;
  /**
   * How long the answer travels, in ms.
   * @defaultValue half of the simulator's latency
   */
  readonly delayAfterMs?: number;
  /** The request never reaches the platform. The client sees a connection reset. */
  readonly loseRequest?: boolean;
  /** A proxy on the way refuses the tunnel with this status. Nothing reaches the platform. */
  readonly refuseConnect?: 407 | 502;
  /**
   * The platform processes the request, and the answer is lost: `"reset"` (or true) breaks the
   * connection, `"silence"` never answers.
   */
  readonly loseReply?: boolean | "reset" | "silence";
  /**
   * The errcode with which the request is answered instead of being processed: -1 (busy), 45011,
   * 48001 and so on.
   */
  readonly errcode?: number;
  /**
   * True if the platform processes the request although the answer is corrupt.
   * @defaultValue true; with `errcode` false
   */
  readonly processed?: boolean;
  /**
   * The HTTP status.
   * @defaultValue 200
   */
  readonly status?: number;
  /** Added to the answer's headers. Replaces headers of the same name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Replaces the body: by name, or by a function of the true body. */
  readonly body?: CorruptBody | ((text: string) => string | Bytes | ReadableStream<Bytes>);
}

/**
 * `html`: a proxy's page. `truncated`: the first half. `empty`: nothing. `object`: `{}`. `huge`:
 * the answer after 100 MB of JSON white space. `drip`: one byte per second. `control-characters`:
 * one more field, whose text has raw control characters, as nicknames have had since 2015.
 */
export type CorruptBody =
  | "html"
  | "truncated"
  | "empty"
  | "object"
  | "huge"
  | "drip"
  | "control-characters";

/** The request about which a plan decides. */
export interface FaultSubject {
  readonly endpoint: string;
  readonly method: string;
  readonly query: URLSearchParams;
  readonly caller: string;
  /** Counts the simulator's requests from 1. */
  readonly ordinal: number;
}

export type FaultSource = (subject: FaultSubject) => Fault | undefined;

/** The requests to which a script applies: all that match every given field. */
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
 * Decides for each request: the first script that matches and has uses left, else the standing
 * source, else no fault.
 */
export class FaultPlan {
  #scripts: Script[] = [];
  #source: FaultSource | undefined;

  /**
   * The next `times` matching requests meet this fault. Scripts apply in the order in which they
   * were added.
   */
  next(
    fault: Fault,
    match: FaultMatch & { /** @defaultValue 1 */ readonly times?: number } = {},
  ): void {
    this.#scripts.push({ fault, match, left: match.times ?? 1 });
  }

  /** Asks `source` about every request to which no script applies. Replaces the previous source. */
  always(source: FaultSource): void {
    this.#source = source;
  }

  clear(): void {
    this.#scripts = [];
    this.#source = undefined;
  }

  /** How many scripted faults have not happened yet. 0 when a test has used all of them. */
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
