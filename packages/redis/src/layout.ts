/**
 * The layout of keys and channels in Redis. All keys of one name share its hash tag, the braces,
 * and so one slot of a Cluster:
 *
 * | what | key or channel | holds |
 * | --- | --- | --- |
 * | entry | `prod:{wx1}` | the text `lp1:VERSION:VALUE`, with the entry's time to live |
 * | lock | `prod:{wx1}::lock` | the text `FENCE:OWNER`, with the lease's; its releases are published on the channel of the same name |
 * | fence | `prod:{wx1}::fence` | the last fence granted, without expiry, never deleted |
 * | changes of a scope | channel `prod:{}::changes` | each message is the name of an entry |
 *
 * An entry is a text and not a hash: one command reads it, one writes it together with its expiry,
 * and it takes half the memory of a hash that is too long for a listpack. Any other value under an
 * entry's name is foreign, and is distinguished from no entry.
 */

/** The prefix of an entry's text in this layout. A later layout has a higher number. */
const envelope = "lp1:";
/** Characters of a version, at most. */
const versionMax = 64;

export const lockKey = (name: string): string => `${name}::lock`;
export const fenceKey = (name: string): string => `${name}::fence`;
export const changesChannel = (scope: string): string => `${scope}}::changes`;

/** A name with the scope's slot rules and access rights that is no entry's. */
export const scopeProbe = (scope: string): string => `${scope}}`;

/**
 * Returns the pattern of a scope's entries. It excludes locks and fences, which do not end with the
 * brace.
 */
export const entriesPattern = (scope: string): string => `${scope.replace(/[\\*?[\]]/g, "\\$&")}*}`;

export type Opened = { readonly version: string; readonly value: string } | "format" | "schema";

/** Parses an entry's text, or says why it is not one of ours. */
export function openEnvelope(text: string): Opened {
  if (!text.startsWith(envelope)) return /^lp\d+:/.test(text) ? "schema" : "format";
  const end = text.indexOf(":", envelope.length);
  if (end <= envelope.length || end > envelope.length + versionMax) return "format";
  for (let index = envelope.length; index < end; index += 1)
    if (!isVersionCode(text.charCodeAt(index))) return "format";
  return { version: text.slice(envelope.length, end), value: text.slice(end + 1) };
}

/**
 * True for `A-Za-z0-9_-`. It compares codes, because every read calls it and a regular expression
 * takes twice as long.
 */
function isVersionCode(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 45
  );
}
