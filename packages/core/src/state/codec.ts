/** The document as text. What cannot be read exactly is unreadable: never a miss, never a guess. */
import { UnreadableEntryError } from "../errors.ts";
import type { RefreshReason } from "../issuer.ts";
import { schemaVersion, type Held, type Intent, type State } from "./state.ts";

export function encodeState(state: State): string {
  return JSON.stringify(state);
}

/**
 * Reads a document field by field, so that nothing foreign rides along.
 *
 * @throws {UnreadableEntryError} `schema` when a newer release wrote it, `format` when it is not a document.
 */
export function decodeState(text: string, key: string): State {
  const read = new Reader(parse(text, key), key);
  const v = read.count("v");
  if (v !== schemaVersion) {
    throw new UnreadableEntryError(
      key,
      "schema",
      `The document of "${key}" has schema ${v}; this release reads ${schemaVersion}. Upgrade this node: until then it uses nothing and refreshes nothing.`,
    );
  }
  const quota = read.object("quota");
  const forced = quota.object("forced");
  const governor = read.object("governor");
  const contention = read.object("contention");
  return {
    v: schemaVersion,
    outcomeId: read.text("outcomeId"),
    dangerUntilMs: read.count("dangerUntilMs"),
    coolUntilMs: read.count("coolUntilMs"),
    failures: read.count("failures"),
    floorEpoch: read.count("floorEpoch"),
    quota: {
      day: quota.count("day"),
      used: quota.count("used"),
      forced: { used: forced.count("used"), lastAtMs: forced.count("lastAtMs") },
    },
    governor: { count: governor.count("count"), lastMs: governor.count("lastMs") },
    contention: { count: contention.count("count"), sinceMs: contention.count("sinceMs"), lastMs: contention.count("lastMs") },
    ...read.optional("credential", readHeld),
    ...read.optional("previous", (from) => ({ fingerprint: from.text("fingerprint"), usableUntilMs: from.count("usableUntilMs") })),
    ...read.optional("intent", readIntent),
    ...(read.has("doubtSinceMs") ? { doubtSinceMs: read.count("doubtSinceMs") } : {}),
    ...read.optional("suspect", readMark),
    ...read.optional("failure", (from) => ({ code: from.text("code"), atMs: from.count("atMs") })),
    ...read.optional("spent", readMark),
  };
}

export interface IgnoredField {
  readonly field: string;
  readonly valueMs: number;
  readonly limitMs: number;
}

/** A store clock that stepped back makes honest instants look late; this much is tolerated. */
const toleranceMs = 60_000;
const dayMs = 86_400_000;
const coolMaxMs = 600_000;

/**
 * Ignores control fields that no honest node writes: somebody with write access to the store could stop the fleet with them.
 * The credential itself is not judged here; sealing does that.
 */
export function sanitized(state: State, nowMs: number, drainMs: number): { state: State; ignored: readonly IgnoredField[] } {
  const ignored: IgnoredField[] = [];
  const within = (field: string, valueMs: number, limitMs: number, instead: number): number => {
    if (valueMs <= limitMs) return valueMs;
    ignored.push({ field, valueMs, limitMs });
    return instead;
  };
  const past = nowMs + toleranceMs;
  const { credential, intent, governor, quota } = state;
  const clean: State = {
    ...state,
    coolUntilMs: within("coolUntilMs", state.coolUntilMs, past + coolMaxMs, 0),
    dangerUntilMs: within("dangerUntilMs", state.dangerUntilMs, past + drainMs, nowMs + drainMs),
    floorEpoch: within("floorEpoch", state.floorEpoch, nowMs + dayMs, 0),
    governor: { ...governor, lastMs: within("governor.lastMs", governor.lastMs, past, nowMs) },
    quota: { ...quota, forced: { ...quota.forced, lastAtMs: within("quota.forced.lastAtMs", quota.forced.lastAtMs, past, nowMs) } },
    ...(credential && { credential: { ...credential, epoch: within("credential.epoch", credential.epoch, nowMs + dayMs, nowMs) } }),
    ...(intent && {
      intent: {
        ...intent,
        epoch: within("intent.epoch", intent.epoch, nowMs + dayMs, nowMs),
        atMs: within("intent.atMs", intent.atMs, past, nowMs),
      },
    }),
  };
  return { state: ignored.length === 0 ? state : clean, ignored };
}

const reasons: readonly RefreshReason[] = ["cold", "advisory", "mandatory", "expired", "rejected", "reconcile", "manual"];

function readHeld(from: Reader): Held {
  const by = from.object("by");
  const reason = reasons.find((known) => known === by.text("reason"));
  if (reason === undefined) throw by.unreadable("reason");
  return {
    generation: from.count("generation"),
    epoch: from.count("epoch"),
    commitId: from.text("commitId"),
    secret: from.text("secret"),
    ...(from.has("carry") ? { carry: from.text("carry") } : {}),
    fingerprint: from.text("fingerprint"),
    sentAtMs: from.count("sentAtMs"),
    issuedAtMs: from.count("issuedAtMs"),
    expiresAtMs: from.count("expiresAtMs"),
    ...(from.has("parentFingerprint") ? { parentFingerprint: from.text("parentFingerprint") } : {}),
    by: { node: by.text("node"), environment: by.text("environment"), reason },
  };
}

function readIntent(from: Reader): Intent {
  return { epoch: from.count("epoch"), operationId: from.text("operationId"), atMs: from.count("atMs") };
}

function readMark(from: Reader): { fingerprint: string; atMs: number } {
  return { fingerprint: from.text("fingerprint"), atMs: from.count("atMs") };
}

function parse(text: string, key: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may be a secret.
    throw new UnreadableEntryError(key, "format", notADocument(key, "not JSON"));
  }
}

function notADocument(key: string, why: string): string {
  return `What is stored under "${key}" is not a credential document (${why}). Something else writes this key: give Lingpai a prefix of its own, or delete the key.`;
}

/** Own properties only, each of the one type it must have. */
class Reader {
  readonly #from: Record<string, unknown>;
  readonly #key: string;

  constructor(from: unknown, key: string) {
    this.#key = key;
    if (typeof from !== "object" || from === null || Array.isArray(from))
      throw new UnreadableEntryError(key, "format", notADocument(key, "not an object"));
    this.#from = from as Record<string, unknown>;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#from, name);
  }

  text(name: string): string {
    const value = this.#own(name);
    if (typeof value !== "string") throw this.unreadable(name);
    return value;
  }

  /** A whole number of at least 0. */
  count(name: string): number {
    const value = this.#own(name);
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw this.unreadable(name);
    return value as number;
  }

  object(name: string): Reader {
    const value = this.#own(name);
    if (typeof value !== "object" || value === null) throw this.unreadable(name);
    return new Reader(value, this.#key);
  }

  optional<K extends string, T>(name: K, read: (from: Reader) => T): { [P in K]?: T } {
    return (this.has(name) ? { [name]: read(this.object(name)) } : {}) as { [P in K]?: T };
  }

  unreadable(name: string): UnreadableEntryError {
    return new UnreadableEntryError(this.#key, "format", notADocument(this.#key, `"${name}" is missing or of a wrong kind`));
  }

  #own(name: string): unknown {
    return this.has(name) ? this.#from[name] : undefined;
  }
}
