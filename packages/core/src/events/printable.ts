/** Makes foreign text safe to log. */

const ansiSequence =
  /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[@-Z\\-_])/gu;
/**
 * Control and format characters, lone surrogates, private use; and all white space with them, so
 * that a run of both becomes one blank.
 */
const unprintable = /[\p{C}\s]+/gu;

/**
 * Returns the printable part of a text that a platform or another party wrote: one line, no control
 * or direction characters, no ANSI sequences, and at most `charsMax` characters. If something was
 * cut off, the last character is `…`.
 */
export function printable(text: string, charsMax = 200): string {
  // The first cut bounds the work on a hostile text; 16 code units for each character kept leave
  // room for what is dropped.
  const chars = [
    ...text
      .slice(0, charsMax * 16)
      .replace(ansiSequence, "")
      .replace(unprintable, " ")
      .trim(),
  ];
  return chars.length <= charsMax ? chars.join("") : `${chars.slice(0, charsMax - 1).join("")}…`;
}
