/**
 * Encodes and decodes the document. A text that cannot be read exactly is unreadable: never a miss,
 * never a guess.
 */
import { isEnvelope } from "../sealing/envelope.ts";
import { UnreadableEntryError } from "../errors.ts";
import { notADocument, Reader } from "./reader.ts";
import {
  schemaVersion,
  type StoredCredential,
  type Intent,
  type Quota,
  type Refusal,
  type State,
} from "./state.ts";

/**
 * @throws {Error} it could not be read back. Stored, it would keep the whole fleet from its
 *   credential until a person deletes it.
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
 * Reads a document field by field. Known fields are checked. Unknown ones are kept, because a later
 * release of the same schema wrote them.
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
  const governor = read.object("governor");
  const contention = read.object("contention");
  return read.withUnknown({
    v: schemaVersion,
    outcomeId: read.text("outcomeId"),
    inFlightUntilMs: read.count("inFlightUntilMs"),
    backOffUntilMs: read.count("backOffUntilMs"),
    failures: read.count("failures"),
    minEpoch: read.count("minEpoch"),
    quota: readQuota(read.object("quota")),
    governor: governor.withUnknown({
      count: governor.count("count"),
      lastMs: governor.count("lastMs"),
    }),
    contention: contention.withUnknown({
      count: contention.count("count"),
      lastMs: contention.count("lastMs"),
    }),
    ...read.optional("credential", readCredential),
    ...read.optional("previous", (from) => ({ fingerprint: from.text("fingerprint") })),
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
    ...read.optional("failure", readFailure),
    ...read.optional("refusal", readRefusal),
    ...read.optional("consumedInput", readMark),
    ...(read.has("usedAtMs") ? { usedAtMs: read.count("usedAtMs") } : {}),
  });
}

function readQuota(from: Reader): Quota {
  const forced = from.object("forced");
  return from.withUnknown({
    day: from.count("day"),
    used: from.count("used"),
    forced: forced.withUnknown({
      used: forced.count("used"),
      lastAtMs: forced.count("lastAtMs"),
    }),
    ...from.optional("gone", (gone) => ({
      day: gone.count("day"),
      used: gone.count("used"),
      nextMs: gone.count("nextMs"),
    })),
    ...from.optional("otherDay", (other) => ({
      day: other.count("day"),
      used: other.count("used"),
      forcedUsed: other.count("forcedUsed"),
    })),
  });
}

function readFailure(from: Reader): NonNullable<State["failure"]> {
  return {
    code: from.text("code"),
    atMs: from.count("atMs"),
    ...from.optional("parent", (parent) => ({
      fingerprint: parent.text("fingerprint"),
      sinceMs: parent.count("sinceMs"),
    })),
  };
}

function readCredential(from: Reader): StoredCredential {
  const by = from.object("by");
  return {
    generation: from.count("generation"),
    epoch: from.count("epoch"),
    commitId: from.text("commitId"),
    secret: from.text("secret"),
    fingerprint: from.text("fingerprint"),
    sentAtMs: from.count("sentAtMs"),
    issuedAtMs: from.count("issuedAtMs"),
    expiresAtMs: from.count("expiresAtMs"),
    by: by.withUnknown({
      node: by.text("node"),
      environment: by.text("environment"),
      reason: by.text("reason"),
      ...(by.has("claimedMs") ? { claimedMs: by.count("claimedMs") } : {}),
    }),
    ...(from.has("nextInput") ? { nextInput: from.text("nextInput") } : {}),
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
