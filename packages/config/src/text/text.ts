/**
 * What people paste into configuration, beside what they meant: full-width digits, byte order
 * marks, ends of lines, spaces.
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
 * What is wrong with a text, and what to do, or undefined. Shows no character of it, except one
 * that is invisible or full-width, by its code.
 *
 * White space round it and invisible characters are refused everywhere; full-width characters too,
 * unless `allowsFullWidth`.
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

/** The text without a byte order mark at its beginning, which Windows editors write. */
export function withoutMark(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

/** The text without the one line end, `\n` or `\r\n`, that editors and `echo` add. */
export function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, "");
}

/**
 * At most the first four characters of a value, in quotes: enough to recognise it, too little to
 * give a misplaced secret away.
 */
export function excerpt(text: string): string {
  const safe = [...text.slice(0, 16)]
    .slice(0, 4)
    .map((character) => (/[\x20-\x7e]/.test(character) ? character : "?"));
  return `"${safe.join("")}${text.length > 4 ? "…" : ""}"`;
}
