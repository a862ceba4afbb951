/** Rows for bad values in the store, bad messages from it, and bad requests. */
import type { Row } from "./row.ts";

const field = "core/codec: is unreadable if one field is missing or of another type";
const altered = "core/sealed: when any one of its characters was changed";

export const badRecords: readonly Row[] = [
  {
    id: "35",
    what: "A record without a field",
    outcome: "Unreadable: no fetch, no overwrite.",
    by: [field],
  },
  {
    id: "36",
    what: 'A record that expires at "abc", 1e999 or -1',
    outcome: "Unreadable.",
    by: ["core/codec: is unreadable with a lifetime that ends at %s"],
  },
  {
    id: "37",
    what: "Another type under our key (WRONGTYPE)",
    outcome: "Unreadable, reported, left as it is.",
    by: ["e2e/store-loss: a foreign value under the record's key"],
  },
  {
    id: "38",
    what: "A record of a newer release",
    outcome: "This node uses and refreshes nothing until it is upgraded.",
    by: [
      "core/codec: of a newer schema gives an error that says so and",
      "core/store-outage: that holds an unreadable document causes no fetch",
    ],
  },
  {
    id: "39",
    what: "A record sealed with an unknown key",
    outcome: "Unreadable: no fetch.",
    by: ["e2e/store-loss: a deployment with another sealing key"],
  },
  {
    id: "40",
    what: "A record copied from another environment",
    outcome: "It cannot be opened, and nothing is fetched.",
    by: ["e2e/store-loss: a record that was copied from another environment"],
  },
  {
    id: "41",
    what: "Instants and epochs of the year 9999",
    outcome: "Ignored and reported. They stop no node.",
    by: [
      "core/codec: are ignored one by one, and named",
      "core/codec: delay no node for longer than their limits, and",
      "core/poisoned-document: stops no node from refreshing ahead of expiry: %s",
    ],
  },
  {
    id: "42",
    what: "Sealed text that was cut or re-encoded",
    outcome: "Unreadable.",
    by: [altered],
  },
  {
    id: "43",
    what: "A lock with a foreign value, or without expiry",
    outcome: "Counts as held, and is never deleted.",
    by: [
      "conformance/lock-ownership: a foreign value where the lock's state belongs counts as held",
      "redis/scripts: under the lock's name counts as held",
    ],
  },
  {
    id: "44",
    what: "A fence that is not a number",
    outcome: "The next one comes from the store's clock.",
    by: ["redis/scripts: survive a counter of another type"],
  },
  {
    id: "45",
    what: "A quota that is not a whole number",
    outcome: "The document is unreadable: no fetch.",
    by: [field],
  },
  {
    id: "46",
    what: "A flood of messages, of any content",
    outcome: "A message only causes a read of the document, and many messages cause few reads.",
    by: [
      "e2e/outage: a flood of messages causes few reads",
      "conformance/watch: 10 000 messages of garbage",
    ],
  },
  {
    id: "47",
    what: "Claims with hostile labels, or no claims at all",
    outcome:
      "Unreadable: an environment without a credential fetches nothing, and one with a credential goes on. Labels contain only `A-Za-z0-9._-`.",
    by: [
      "e2e/bad-input: with foreign content cause no fetch",
      "core/claims: does not stop its environment from refreshing if",
      "core/roles: an environment's name is validated: %j",
    ],
  },
  {
    id: "48",
    what: "A credential with an unknown name",
    outcome: "There is no API to request it.",
    why: "A credential is an object that somebody constructed; there is no registry of names in which one could be missing.",
  },
  {
    id: "49",
    what: "A call with a signal that has aborted",
    outcome: "Rejected with its reason before any I/O.",
    by: ["core/serving: rejects a caller whose signal has aborted before any I/O"],
  },
  {
    id: "50",
    what: "A rejection of a token that is not ours",
    outcome: "Nothing is fetched, and the present token is returned.",
    by: ["e2e/bad-input: of a foreign token fetches nothing"],
  },
  {
    id: "51",
    what: "A rejection with the raw text",
    outcome: "Recognised by its fingerprint. The text is not kept.",
    by: ["core/rejection: is not replaced again by a node that reports it late, with the raw text"],
  },
  {
    id: "52",
    what: "An issuer that returns an invalid answer, throws any value, or never settles",
    outcome: "The outcome is unknown, within the fetch deadline.",
    by: [
      "e2e/bad-input: that %s causes an unknown outcome",
      "core/platform-outage: that never answers is given up at the deadline",
      "core/invalid-values: with the values %j leaves a document that other",
    ],
  },
  {
    id: "53",
    what: "An issuer that asks for its own credential",
    outcome: "An error, not a deadlock.",
    by: ["core/platform-outage: whose issuer requests its own credential causes"],
  },
  {
    id: "54",
    what: "Credentials that depend on each other in a circle, or on nothing",
    outcome: "A circle does not compile. A missing parent is an error.",
    by: ["core/roles: rejects with an error that names the missing parent option"],
  },
  {
    id: "55",
    what: "A driver that returns bytes, objects, or null",
    outcome: "An adapter that passes the conformance suite returns texts.",
    by: [
      "conformance/cache-values: a value of any content is read back",
      "conformance/cache-values: a missing key is read as undefined",
    ],
  },
  {
    id: "56",
    what: "An `Authorization` header that is long, repeated or malformed",
    outcome: "400.",
    by: ["server/every-route: an Authorization header that is too long, repeated or malformed"],
  },
  {
    id: "57",
    what: "`ref=../../admin` and its encodings",
    outcome: "Names are opaque.",
    by: ["server/every-route: a reference is an opaque name"],
  },
  {
    id: "58",
    what: "A meaningless `If-None-Match` or `wait`",
    outcome: "Ignored; clamped.",
    by: [
      "server/token-server: ignore an invalid If-None-Match",
      "server/token-server: end a long poll with wait=",
    ],
  },
  {
    id: "59",
    what: "One server key that opens long polls, event streams, `HEAD` requests or sessions without end",
    outcome: "429 beyond its share; other keys are still served. `HEAD` opens nothing.",
    by: [
      "server/held-open: one key cannot take all long polls",
      "server/held-open: one key cannot take all event streams",
      "server/held-open: HEAD reports that the stream",
      "server/sessions: a key cannot fill the store with sessions",
    ],
  },
  {
    id: "60",
    what: "A caller who asks often, or reports refusals with many different codes",
    outcome: "One event a minute, with a count, so that it pushes nothing else out of the audit.",
    by: ["server/audit: a caller cannot push others out of the audit"],
  },
  {
    id: "61",
    what: "A proxy's 401, 403, 404, redirect, page or endless body, where a client expects the server",
    outcome: "No refusal and no credential: the next replica is asked, within the caller's time.",
    by: [
      "client/hostile: an answer of a proxy with",
      "client/hostile: an answer that never ends",
      "client/hostile: a redirect is said",
      "client/hostile: a caller waits no longer than it is told to",
    ],
  },
];
