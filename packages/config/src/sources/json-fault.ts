/**
 * Finds the place where a text stops being JSON. The engine's own message quotes the text, and
 * names no place for half of the faults.
 */

/**
 * Returns the offset of the first misplaced token, or undefined if the text is JSON. It checks the
 * form only: depth and repeated names are checked elsewhere.
 */
export function findJsonFault(text: string): number | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    return firstMisplaced(text);
  }
}

const token =
  /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001F]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y;

/**
 * The token that may come next. `first…` is the state right after an opening bracket, where a
 * closing one is allowed, too.
 */
type State = "value" | "first-value" | "name" | "first-name" | "colon" | "separator" | "end";

function firstMisplaced(text: string): number {
  const open: ("{" | "[")[] = [];
  let state: State = "value";
  let offset = 0;
  for (;;) {
    token.lastIndex = offset;
    const match = token.exec(text);
    if (match === null) return skipSpace(text, offset);
    const [all, mark, string] = match;
    const next = follow(state, mark ?? (string === undefined ? "scalar" : "string"), open);
    if (next === undefined) return offset + all.length - all.trimStart().length;
    state = next;
    offset += all.length;
  }
}

function follow(state: State, what: string, open: ("{" | "[")[]): State | undefined {
  const close = (): State => {
    open.pop();
    return open.length === 0 ? "end" : "separator";
  };
  const inside = open.at(-1);
  if (what === "}")
    return inside === "{" && (state === "first-name" || state === "separator")
      ? close()
      : undefined;
  if (what === "]")
    return inside === "[" && (state === "first-value" || state === "separator")
      ? close()
      : undefined;
  if (what === ",") return state === "separator" ? (inside === "{" ? "name" : "value") : undefined;
  if (what === ":") return state === "colon" ? "value" : undefined;
  if (state === "name" || state === "first-name") return what === "string" ? "colon" : undefined;
  if (state !== "value" && state !== "first-value") return undefined;
  if (what === "{" || what === "[") {
    open.push(what);
    return what === "{" ? "first-name" : "first-value";
  }
  return inside === undefined ? "end" : "separator";
}

/**
 * Skips white space. At the end of the text it returns the last character, because nothing follows
 * that a message could point at.
 */
function skipSpace(text: string, offset: number): number {
  const rest = text.slice(offset).search(/[^ \t\r\n]/);
  return rest < 0 ? Math.max(0, text.trimEnd().length - 1) : offset + rest;
}
