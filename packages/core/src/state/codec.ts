/** The document as text. What cannot be read exactly is unreadable: never a miss, never a guess. */
import { isEnvelope } from "../sealing/envelope.ts";
import { UnreadableEntryError } from "../errors.ts";
import { tryAgainMaxMs } from "./refusal.ts";
import { notADocument, Reader } from "./reader.ts";
import {
  schemaVersion,
  type BudgetName,
  type Budgets,
  type StoredCredential,
  type Intent,
  type Refusal,
  type State,
} from "./state.ts";

/**
 * @throws {Error} it could not be read back: stored, it would keep the whole fleet from its
 *   credential until somebody deletes it.
 */
export function encodeState(state: State): string {
  const text = JSON.stringify(state);
  try {
    decodeState(text, "");
  } catch (cause) {
    throw new Error(
      "The document was not written, because nobody could read it. An issuer or a lock gave a value of a wrong kind.",
      {
        cause,
      },
    );
  }
  return text;
}

/**
 * Reads a document field by field: what is known is checked, and what is not is carried along,
 * because a later release of the same schema wrote it.
 *
 * @throws {UnreadableEntryError} `schema` when a newer release wrote it, `format` when it is not a
 *   document.
 */
export function decodeState(text: string, key: string): State {
  const read = new Reader(parse(text, key), key);
  const v = read.count("v");
  if (v !== schemaVersion) {
    throw new UnreadableEntryError(
      key,
      "schema",
      `The document of "${key}" has schema ${v}, and this release reads ${schemaVersion}. Upgrade this node: until then it uses nothing and refreshes nothing. ` +
        "To roll back instead, stop every node of the other release, then rename the key and keep it: it may hold the only refresh token. This node then begins a document of its own.",
    );
  }
  const quota = read.object("quota");
  const forced = quota.object("forced");
  const governor = read.object("governor");
  const contention = read.object("contention");
  return read.withUnknown({
    v: schemaVersion,
    outcomeId: read.text("outcomeId"),
    inFlightUntilMs: read.count("inFlightUntilMs"),
    backOffUntilMs: read.count("backOffUntilMs"),
    failures: read.count("failures"),
    minEpoch: read.count("minEpoch"),
    quota: quota.withUnknown({
      day: quota.count("day"),
      used: quota.count("used"),
      forced: forced.withUnknown({
        used: forced.count("used"),
        lastAtMs: forced.count("lastAtMs"),
      }),
      ...quota.optional("gone", (from) => ({
        day: from.count("day"),
        used: from.count("used"),
        nextMs: from.count("nextMs"),
      })),
    }),
    governor: governor.withUnknown({
      count: governor.count("count"),
      lastMs: governor.count("lastMs"),
    }),
    contention: contention.withUnknown({
      count: contention.count("count"),
      lastMs: contention.count("lastMs"),
    }),
    ...read.optional("credential", readHeld),
    ...read.optional("previous", (from) => ({
      fingerprint: from.text("fingerprint"),
    })),
    ...read.optional("intent", readIntent),
    ...(read.has("doubtSinceMs") ? { doubtSinceMs: read.count("doubtSinceMs") } : {}),
    ...read.optional("suspect", (from) => ({
      ...readMark(from),
      ...(from.has("dead") ? { dead: from.yes("dead") } : {}),
    })),
    ...read.optional("fallback", (from) => ({ sinceMs: from.count("sinceMs") })),
    ...read.optional("budgets", (from) => ({
      refusals: from.count("refusals"),
      manual: from.count("manual"),
    })),
    ...read.optional("failure", (from) => ({
      code: from.text("code"),
      atMs: from.count("atMs"),
      ...from.optional("parent", (parent) => ({
        fingerprint: parent.text("fingerprint"),
        sinceMs: parent.count("sinceMs"),
      })),
    })),
    ...read.optional("refusal", readRefusal),
    ...read.optional("consumedInput", readMark),
    ...(read.has("usedAtMs") ? { usedAtMs: read.count("usedAtMs") } : {}),
  });
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
/** Other nodes may have been given another drain; none a longer one. */
const drainMaxMs = 600_000;
/** After how long each budget is full again that is empty. */
const budgetMaxMs: Budgets = { refusals: dayMs / 5, manual: dayMs };
/** Nothing honest is counted so far; beyond the safe integers one more could not be written. */
const countMax = 2 ** 40;

/**
 * Ignores control fields that no honest node writes: somebody with write access to the store could
 * stop the fleet with them. The credential itself is not judged here; sealing does that.
 *
 * @param seenMs when this node first saw such a field. The honest value may have told of a request
 *   that was under way then, and of none that is later.
 */
export function sanitized(
  state: State,
  nowMs: number,
  drainMs: number,
  seenMs: number,
): { state: State; ignored: readonly IgnoredField[] } {
  const ignored: IgnoredField[] = [];
  const within = (field: string, valueMs: number, limitMs: number, instead: number): number => {
    if (valueMs <= limitMs) return valueMs;
    ignored.push({ field, valueMs, limitMs });
    return instead;
  };
  const counted = (field: string, count: number): number => within(field, count, countMax, 0);
  const past = (field: string, atMs: number): number =>
    within(field, atMs, nowMs + toleranceMs, seenMs);
  const budget = (name: BudgetName, fullAtMs: number): number =>
    within(`budgets.${name}`, fullAtMs, nowMs + toleranceMs + budgetMaxMs[name], 0);
  const epoch = (field: string, value: number): number =>
    within(field, value, nowMs + dayMs, seenMs);
  const {
    budgets,
    contention,
    credential,
    doubtSinceMs,
    governor,
    intent,
    quota,
    refusal,
    consumedInput,
    suspect,
    usedAtMs,
  } = state;
  const clean: State = {
    ...state,
    backOffUntilMs: within(
      "backOffUntilMs",
      state.backOffUntilMs,
      nowMs + toleranceMs + coolMaxMs,
      0,
    ),
    inFlightUntilMs: within(
      "inFlightUntilMs",
      state.inFlightUntilMs,
      nowMs + toleranceMs + drainMaxMs,
      seenMs + drainMs,
    ),
    failures: counted("failures", state.failures),
    minEpoch: within("minEpoch", state.minEpoch, nowMs + dayMs, 0),
    ...(budgets && {
      budgets: {
        ...budgets,
        refusals: budget("refusals", budgets.refusals),
        manual: budget("manual", budgets.manual),
      },
    }),
    governor: {
      ...governor,
      count: counted("governor.count", governor.count),
      lastMs: past("governor.lastMs", governor.lastMs),
    },
    contention: {
      ...contention,
      count: counted("contention.count", contention.count),
      lastMs: past("contention.lastMs", contention.lastMs),
    },
    quota: {
      ...quota,
      forced: { ...quota.forced, lastAtMs: past("quota.forced.lastAtMs", quota.forced.lastAtMs) },
      ...(quota.gone && {
        gone: {
          ...quota.gone,
          nextMs: within(
            "quota.gone.nextMs",
            quota.gone.nextMs,
            nowMs + toleranceMs + 3_600_000,
            0,
          ),
        },
      }),
    },
    ...(credential && {
      credential: {
        ...credential,
        generation: counted("credential.generation", credential.generation),
        epoch: epoch("credential.epoch", credential.epoch),
      },
    }),
    ...(intent && {
      intent: {
        ...intent,
        epoch: epoch("intent.epoch", intent.epoch),
        atMs: past("intent.atMs", intent.atMs),
      },
    }),
    ...(doubtSinceMs !== undefined && { doubtSinceMs: past("doubtSinceMs", doubtSinceMs) }),
    ...(suspect && { suspect: { ...suspect, atMs: past("suspect.atMs", suspect.atMs) } }),
    ...(refusal && {
      refusal: {
        ...refusal,
        atMs: past("refusal.atMs", refusal.atMs),
        nextMs: within("refusal.nextMs", refusal.nextMs, nowMs + toleranceMs + tryAgainMaxMs, 0),
        count: counted("refusal.count", refusal.count),
      },
    }),
    ...(consumedInput && {
      consumedInput: { ...consumedInput, atMs: past("consumedInput.atMs", consumedInput.atMs) },
    }),
    ...(usedAtMs !== undefined && { usedAtMs: past("usedAtMs", usedAtMs) }),
  };
  return { state: ignored.length === 0 ? state : clean, ignored };
}

function readHeld(from: Reader): StoredCredential {
  const by = from.object("by");
  return {
    generation: from.count("generation"),
    epoch: from.count("epoch"),
    commitId: from.text("commitId"),
    secret: from.text("secret"),
    ...(from.has("nextInput") ? { nextInput: from.text("nextInput") } : {}),
    fingerprint: from.text("fingerprint"),
    sentAtMs: from.count("sentAtMs"),
    issuedAtMs: from.count("issuedAtMs"),
    expiresAtMs: from.count("expiresAtMs"),
    by: by.withUnknown({
      node: by.text("node"),
      environment: by.text("environment"),
      reason: by.text("reason"),
    }),
  };
}

function readIntent(from: Reader): Intent {
  return {
    epoch: from.count("epoch"),
    operationId: from.text("operationId"),
    atMs: from.count("atMs"),
    ...(from.has("budget") ? { budget: from.text("budget") } : {}),
  };
}

function readRefusal(from: Reader): Refusal {
  return {
    code: from.text("code"),
    node: from.text("node"),
    atMs: from.count("atMs"),
    nextMs: from.count("nextMs"),
    count: from.count("count"),
    ...(from.has("revision") ? { revision: from.text("revision") } : {}),
  };
}

function readMark(from: Reader): { fingerprint: string; atMs: number } {
  return { fingerprint: from.text("fingerprint"), atMs: from.count("atMs") };
}

function parse(text: string, key: string): unknown {
  if (isEnvelope(text)) {
    throw new UnreadableEntryError(
      key,
      "key-id",
      `The document of "${key}" is sealed, and this node does not open sealed entries. Wrap its cache in sealed() with the fleet's keyring. ` +
        'To switch sealing off while nodes run, set plaintext: "read" and then "write" on every node first.',
    );
  }
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may be a secret.
    throw new UnreadableEntryError(key, "format", notADocument(key, "not JSON"));
  }
}
