/** Finds the names that a TypeScript source declares: its types, functions and methods. */

const declared =
  /\b(?:interface|type|class|enum|function\*?)\s+([A-Za-z_$][\w$]*)|\bconst\s+([A-Za-z_$][\w$]*)\s*(?::[^=;]*)?=\s*(?:async\s*)?(?:<[^>]*>\s*)?(?:\([^()]*\)|[A-Za-z_$][\w$]*)\s*(?::[^=;{]*)?=>|^[ \t]+(?:(?:public|private|static|async|get|set|override)\s+)*\*?(#?[A-Za-z_$][\w$]*)\s*(?:<[^>]*>)?\([^;]*?\)?(?::[^;={}]*)?\{$/gm;
const keywords = new Set(["if", "for", "while", "switch", "catch", "return", "function", "with"]);

/** Returns the source without its comments and without the text of its strings. */
export function codeOf(source: string): string {
  return source.replaceAll(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g,
    (text) => (text.startsWith("/") ? "" : '""'),
  );
}

/** Returns the names that a source declares, each once. */
export function declarationsIn(source: string): readonly string[] {
  const names = [...codeOf(source).matchAll(declared)].map(
    ([, type, constant, method]) => type ?? constant ?? method ?? "",
  );
  return [...new Set(names)].filter((name) => name !== "" && !keywords.has(name));
}

/** Splits a name into its words in lower case: `isStoreFull` and `is-store-full` have three. */
export function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, "$1 $2")
    .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== "");
}
