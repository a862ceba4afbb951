/**
 * The platform's own log: every request for a credential and every call, in the order in which they
 * were processed.
 */

/**
 * `issue`: a request for a token or ticket. `call`: a request that spends one. `act`: an operator
 * or another environment did something. `push`: the platform sent something by itself.
 */
export type LogKind = "issue" | "call" | "act" | "push";

export type LogReason =
  | "new"
  | "same"
  | "accepted"
  | "missing-token"
  | "unknown-token"
  | "superseded"
  | "expired"
  | "revoked"
  | "unknown-app"
  | "wrong-secret"
  | "frozen"
  | "ip"
  | "day-quota"
  | "hour-quota"
  | "minute-quota"
  | "malformed"
  | "unauthorised"
  | "fault"
  | "operator";

export interface LogEntry {
  /** Counts from 1, without gaps, even if entries were dropped. */
  readonly seq: number;
  /** The platform's clock when it processed the request. */
  readonly atMs: number;
  readonly kind: LogKind;
  readonly endpoint: string;
  /**
   * The owner of the credential: an AppID, corp id, suite id or component AppID. Undefined: the
   * request named none.
   */
  readonly appId: string | undefined;
  /**
   * A short name such as `T7`, never the token itself. Undefined: no token was issued or
   * recognised.
   */
  readonly tokenId: string | undefined;
  /** The answer's errcode: 0 for success. */
  readonly code: number;
  readonly reason: LogReason;
  /** The label of the sender. Empty if it has none. */
  readonly caller: string;
}

export interface LogFilter {
  readonly kind?: LogKind;
  readonly appId?: string;
  readonly endpoint?: string;
  readonly tokenId?: string;
  readonly caller?: string;
  readonly code?: number;
  /** True if the platform accepted the request. */
  readonly ok?: boolean;
  /** Only entries after this one. Take `log.seq` before the part that you examine. */
  readonly afterSeq?: number;
}

/** Sums that stay right even if entries are dropped. */
export interface Tally {
  /** Requests for a credential, refused ones included. */
  readonly fetches: number;
  /** New credentials that were issued. */
  readonly issued: number;
  readonly calls: number;
  /** Calls that the platform refused, for any reason. */
  readonly refused: number;
}

type MutableTally = { -readonly [Name in keyof Tally]: Tally[Name] };

export class PlatformLog {
  readonly #entriesMax: number;
  readonly #tallies = new Map<string | undefined, MutableTally>();
  #entries: LogEntry[] = [];
  #seq = 0;

  /** Keeps at least the newest `entriesMax` entries (0: none), and all tallies. */
  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  /** The number of the newest entry. */
  get seq(): number {
    return this.#seq;
  }

  append(entry: Omit<LogEntry, "seq">): void {
    this.#seq += 1;
    this.#count(entry);
    if (this.#entriesMax === 0) return;
    const { atMs, kind, endpoint, appId, tokenId, code, reason, caller } = entry;
    this.#entries.push({
      seq: this.#seq,
      atMs,
      kind,
      endpoint,
      appId,
      tokenId,
      code,
      reason,
      caller,
    });
    if (this.#entries.length > 2 * this.#entriesMax)
      this.#entries = this.#entries.slice(-this.#entriesMax);
  }

  /** The entries that match every given field, oldest first. */
  entries(filter: LogFilter = {}): readonly LogEntry[] {
    return this.#entries.filter((entry) => matches(entry, filter));
  }

  /**
   * The new credentials: who got each, and when. Answers that repeat a credential are left out. A
   * ticket counts as a credential of its owner: give the endpoint to separate tickets from tokens.
   */
  issues(appId?: string, endpoint?: string): readonly LogEntry[] {
    return this.entries({ kind: "issue", ok: true, ...of(appId, endpoint) }).filter(
      (entry) => entry.reason === "new",
    );
  }

  /** Every request for a credential, refused and repeated ones included. */
  fetches(appId?: string, endpoint?: string): readonly LogEntry[] {
    return this.entries({ kind: "issue", ...of(appId, endpoint) });
  }

  calls(filter: Omit<LogFilter, "kind"> = {}): readonly LogEntry[] {
    return this.entries({ ...filter, kind: "call" });
  }

  tally(appId?: string): Tally {
    if (appId !== undefined) return { ...(this.#tallies.get(appId) ?? noTally) };
    const sum: MutableTally = { ...noTally };
    for (const tally of this.#tallies.values()) {
      sum.fetches += tally.fetches;
      sum.issued += tally.issued;
      sum.calls += tally.calls;
      sum.refused += tally.refused;
    }
    return sum;
  }

  /** Forgets entries and tallies. `seq` continues. */
  clear(): void {
    this.#entries = [];
    this.#tallies.clear();
  }

  #count({ kind, appId, code, reason }: Omit<LogEntry, "seq">): void {
    if (kind !== "issue" && kind !== "call") return;
    let tally = this.#tallies.get(appId);
    if (tally === undefined) this.#tallies.set(appId, (tally = { ...noTally }));
    if (kind === "issue") {
      tally.fetches += 1;
      if (code === 0 && reason === "new") tally.issued += 1;
    } else {
      tally.calls += 1;
      if (code !== 0) tally.refused += 1;
    }
  }
}

const noTally: Tally = { fetches: 0, issued: 0, calls: 0, refused: 0 };

const of = (appId: string | undefined, endpoint: string | undefined): LogFilter => ({
  ...(appId === undefined ? {} : { appId }),
  ...(endpoint === undefined ? {} : { endpoint }),
});

function matches(entry: LogEntry, filter: LogFilter): boolean {
  const { kind, appId, endpoint, tokenId, caller, code, ok, afterSeq = 0 } = filter;
  return (
    entry.seq > afterSeq &&
    (kind === undefined || entry.kind === kind) &&
    (appId === undefined || entry.appId === appId) &&
    (endpoint === undefined || entry.endpoint === endpoint) &&
    (tokenId === undefined || entry.tokenId === tokenId) &&
    (caller === undefined || entry.caller === caller) &&
    (code === undefined || entry.code === code) &&
    (ok === undefined || (entry.code === 0) === ok)
  );
}

/**
 * One line for each entry, with times relative to `startMs` (by default the first entry's), for a
 * demo or for the message of a failed test.
 */
export function formatLog(
  entries: readonly LogEntry[],
  startMs: number = entries[0]?.atMs ?? 0,
): string {
  return entries.map((entry) => formatEntry(entry, startMs)).join("\n");
}

function formatEntry(
  { atMs, kind, endpoint, tokenId, code, reason, caller }: LogEntry,
  startMs: number,
): string {
  const at = `+${((atMs - startMs) / 1000).toFixed(3)} s`.padStart(14);
  const outcome = code === 0 ? reason : `${code} ${reason}`;
  return `${at}  ${(caller || "-").padEnd(16)} ${kind.padEnd(5)} ${endpoint.padEnd(32)} ${(tokenId ?? "-").padEnd(6)} ${outcome}`;
}
