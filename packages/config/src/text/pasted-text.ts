/**
 * Finds characters that people paste into configuration by accident: full-width digits, byte order
 * marks, line ends, spaces.
 */

const named: ReadonlyMap<number, string> = new Map([
  [0x09, "a tab"],
  [0x0a, "a line end"],
  [0x0d, "a carriage return"],
  [0x20, "a space"],
  [0xa0, "a no-break space"],
  [0xad, "a soft hyphen"],
  [0x3000, "a full-width space"],
  [0xfeff, "a byte order mark"],
]);

const misfit = /^\s|\s$|[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;
const fullWidth = /[\u3000\uFF01-\uFF5E]/u;

/**
 * Returns the flaw of a text with its remedy, or undefined. It shows the code of an invisible or
 * full-width character, and no other character of the text.
 *
 * Surrounding white space and invisible characters are always flaws. Full-width characters are,
 * too, unless `allowsFullWidth`.
 */
export function flawOf(
  text: string,
  { allowsFullWidth = false }: { readonly allowsFullWidth?: boolean } = {},
): string | undefined {
  if (text === "") return "is empty. Give it a value, or remove it";
  const index = text.search(misfit);
  if (index >= 0) return `has ${characterAt(text, index)}. Remove it`;
  const wide = allowsFullWidth ? -1 : text.search(fullWidth);
  return wide < 0
    ? undefined
    : `has ${characterAt(text, wide)}. Type it with the input method's half-width form`;
}

function characterAt(text: string, index: number): string {
  const codePoint = text.codePointAt(index) ?? 0;
  const code = `U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`;
  const name =
    named.get(codePoint) ??
    (fullWidth.test(text.charAt(index)) ? "a full-width character" : "an invisible character");
  return `${name} (${code}) at position ${index + 1}`;
}

/** Removes the byte order mark that Windows editors write at the beginning. */
export function withoutMark(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

/** Removes the one line end, `\n` or `\r\n`, that editors and `echo` add. */
export function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, "");
}

/**
 * Returns at most the first four characters of a value, in quotes. That is enough to recognise it,
 * and too little to reveal a misplaced secret.
 */
export function excerpt(text: string): string {
  const safe = [...text.slice(0, 16)]
    .slice(0, 4)
    .map((character) => (/[\x20-\x7e]/.test(character) ? character : "?"));
  return `"${safe.join("")}${text.length > 4 ? "…" : ""}"`;
}
