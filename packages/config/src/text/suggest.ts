/** Suggests the name that was probably meant. */

/**
 * Returns the candidate with the fewest edits, if these are at most a third of the name's length
 * and at most three. Case and separators are ignored.
 */
export function suggestionFor(name: string, candidates: Iterable<string>): string | undefined {
  const limit = Math.min(3, Math.ceil(name.length / 3));
  let best: string | undefined;
  let least = limit + 1;
  for (const candidate of candidates) {
    const edits = distance(plain(name), plain(candidate), least);
    if (edits < least) [best, least] = [candidate, edits];
  }
  return best;
}

function plain(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[-_. ]/g, "")
    .slice(0, 64);
}

/**
 * Counts insertions, deletions, replacements and swaps of adjacent characters. The result is exact
 * below `limit`.
 */
function distance(one: string, other: string, limit: number): number {
  if (Math.abs(one.length - other.length) >= limit) return limit;
  let before: number[] = [];
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[row - 1] === other[column - 1] ? 0 : 1;
      const swapped =
        row > 1 &&
        column > 1 &&
        one[row - 1] === other[column - 2] &&
        one[row - 2] === other[column - 1];
      current[column] = Math.min(
        (previous[column] ?? limit) + 1,
        (current[column - 1] ?? limit) + 1,
        (previous[column - 1] ?? limit) + same,
        swapped ? (before[column - 2] ?? limit) + 1 : limit,
      );
    }
    [before, previous] = [previous, current];
  }
  return previous[other.length] ?? limit;
}
