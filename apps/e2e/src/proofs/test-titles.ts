/** Reads the titles of tests, so that the tables can quote each as a whole sentence. */

const placeholder = /\$\{[^}]*\}|%[a-z]|\$[A-Za-z][\w.]*/g;
const suite = /^(\s*)describe(?:\.\w+)*\(/;
/** The ids of clauses and of historical cases, which are no part of a sentence. */
const id = /\b(?:[A-Z]+-\d+ |H\d+: )/g;
/** A suite that says where: the sentence goes on with its subject. */
const adverbial = /^(?:after|in|on|over|through|when|with|without) [^,]*$/;

/** Returns the string literal that begins at `at`, without its quotes. */
function literalAt(source: string, at: number): string {
  const quote = source[at] ?? "";
  let end = at + 1;
  while (end < source.length && source[end] !== quote) end += source[end] === "\\" ? 2 : 1;
  return source.slice(at + 1, end).replaceAll(/\\(.)/g, "$1");
}

/** Returns the titles of the suites around the test at `at`, from the outermost on. */
function suitesAround(source: string, at: number): string[] {
  const lines = source.slice(0, at).split("\n");
  let indent = (/^\s*/.exec(lines.at(-1) ?? "")?.[0] ?? "").length;
  const titles: string[] = [];
  let end = at;
  for (const line of lines.toReversed()) {
    const start = end - line.length;
    const match = suite.exec(line);
    if (match !== null && (match[1] ?? "").length < indent) {
      indent = (match[1] ?? "").length;
      titles.unshift(titleAfter(source, start + match[0].length));
    }
    end = start - 1;
  }
  return titles;
}

/** Returns the title of a suite: the first literal of `describe(`, or of the call after `.each(`. */
function titleAfter(source: string, from: number): string {
  const isTable = source.slice(0, from).endsWith(".each(");
  const start = isTable ? endOfArguments(source, from) : from;
  const found = /["'`]/.exec(source.slice(start));
  return found === null ? "" : literalAt(source, start + found.index);
}

/** Returns the position after the parenthesis that closes the one before `from`. */
function endOfArguments(source: string, from: number): number {
  let depth = 1;
  let at = from;
  for (; at < source.length && depth > 0; at += 1) {
    const character = source[at] ?? "";
    if (character === "(") depth += 1;
    else if (character === ")") depth -= 1;
    else if ("\"'`".includes(character)) at += literalAt(source, at).length + 1;
  }
  return at;
}

/**
 * Returns the sentence that a test states: the titles of its suites and its own title, which begins
 * with `title`. Placeholders become "…". Undefined if the source has no such test.
 */
export function sentenceOf(source: string, title: string): string | undefined {
  const at = ['"', "'", "`"]
    .map((quote) => source.indexOf(`${quote}${title}`))
    .find((index) => index >= 0);
  if (at === undefined) return undefined;
  const own = literalAt(source, at);
  const suites = /^H\d+: /.test(own) ? [] : suitesAround(source, at);
  return [...suites.map((text) => (adverbial.test(text) ? `${text},` : text)), own]
    .join(" ")
    .replaceAll(placeholder, "…")
    .replaceAll(id, "")
    .replaceAll(/\s+/g, " ");
}

/** The words with which the subject of a sentence may begin, apart from names and plural nouns. */
const determiners =
  /^(?:an?|another|any|each|every|half|its|no|one|the|these|this|two|whatever|…)(?= |,|$)/;
/** The plural nouns and gerunds with which sentences of this repository begin. */
const nouns =
  /^(?:claims|closing|control fields|entry, lock|environments|fences|names of|parameters|places|refreshing|request|requirement \d|scripts|wildcards)(?=\W|$)/;
const properName = /^(?:[A-Z\d]|pnpm |with[A-Z])/;
const introduction = /^(?:after|in|on|over|through|when|while|with|within|without) [^,]*, /;

/** Returns whether a sentence begins with its subject, or with an adverbial and its subject. */
export function hasSubject(sentence: string): boolean {
  const main = sentence.replace(introduction, "");
  return [determiners, nouns, properName].some((beginning) => beginning.test(main));
}
