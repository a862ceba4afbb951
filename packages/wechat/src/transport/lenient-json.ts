/**
 * Reads JSON as the platform writes it: with raw control characters in strings. Nicknames contain
 * them, and JSON forbids them.
 */

const string = /"(?:[^"\\]|\\.)*"/gs;
/** An escape, which stays as it is, or a control character. */
// eslint-disable-next-line no-control-regex -- They are what is looked for.
const escapeOrControl = /\\.|[\u0000-\u001f]/gs;

/**
 * Parses text whose strings may hold raw control characters.
 *
 * @throws {SyntaxError} The text is invalid JSON for another reason.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return JSON.parse(escaped(text));
  }
}

/**
 * The same text with the control characters inside its strings escaped. Those between strings stay.
 */
export function escaped(text: string): string {
  return text.replace(string, (literal) => literal.replace(escapeOrControl, codeOf));
}

function codeOf(character: string): string {
  if (character.startsWith("\\")) return character;
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
