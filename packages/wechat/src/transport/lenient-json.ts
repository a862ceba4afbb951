/**
 * JSON as the platform writes it: with raw control characters in strings, which nicknames bring and
 * JSON forbids.
 */

const string = /"(?:[^"\\]|\\.)*"/gs;
/** An escape, which stands as it is, or a control character. */
// eslint-disable-next-line no-control-regex -- They are what is looked for.
const escapeOrControl = /\\.|[\u0000-\u001f]/gs;

/**
 * The value in the text, whose strings may hold raw control characters.
 *
 * @throws {SyntaxError} it is not JSON for another reason.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return JSON.parse(escaped(text));
  }
}

/**
 * The same text with the control characters in its strings escaped; those between strings stand.
 */
export function escaped(text: string): string {
  return text.replace(string, (literal) => literal.replace(escapeOrControl, codeOf));
}

function codeOf(character: string): string {
  if (character.startsWith("\\")) return character;
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
