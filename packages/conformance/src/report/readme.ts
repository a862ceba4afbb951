/** The generated part of the README. */
const begin = "<!-- conformance: begin -->";
const end = "<!-- conformance: end -->";

/** Returns the README with `content` between its markers. */
export function withGenerated(readme: string, content: string): string {
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`The README has no part between ${begin} and ${end}.`);
  return `${readme.slice(0, from + begin.length)}\n\n${content}\n\n${readme.slice(to)}`;
}
