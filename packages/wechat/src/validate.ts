/** Refuses identifiers and secrets that cannot be right, where they are given and before anything is sent. */
import { ConfigurationError } from "@lingpai/core";

/** An AppID or a corp id, as the platform assigns them: two letters and 16 hexadecimal digits. */
export interface IdShape {
  /** What it is called in errors. */
  readonly name: string;
  readonly prefixes: readonly string[];
}

export const appIdShape: IdShape = { name: "AppID", prefixes: ["wx"] };
/** Corps registered before 2017 carry `wx`, later ones `ww`. */
export const corpIdShape: IdShape = { name: "corp id", prefixes: ["ww", "wx"] };

const idLength = 18;
const hex = /^[0-9a-fA-F]$/;

/**
 * Returns the identifier when it has the platform's shape.
 *
 * @throws {ConfigurationError} `id-shape`: names the position of the first character that cannot be there (counted from 1) and shows
 * no more than the first four characters.
 */
export function checkedId(value: unknown, shape: IdShape = appIdShape): string {
  const expected = `It is ${shape.prefixes.map((prefix) => `"${prefix}"`).join(" or ")} and 16 hexadecimal digits, without spaces or line ends.`;
  const refuse = (what: string): never => {
    throw new ConfigurationError(`The ${shape.name} ${what}. ${expected}`, { rule: "id-shape" });
  };
  if (typeof value !== "string") return refuse(`is ${value === null ? "null" : typeof value}, not a string`);
  if (value === "") return refuse("is empty");
  const shown = `"${printable(value.slice(0, 4))}…"`;
  const position = firstMisfit(value, shape);
  if (position <= value.length) return refuse(`${shown} has ${characterName(value, position)} at position ${position}`);
  if (value.length < idLength) return refuse(`${shown} ends after ${value.length} characters`);
  return value;
}

/** The position, from 1, of the first character that no identifier of this shape has there; `length + 1` when all fit. */
function firstMisfit(value: string, shape: IdShape): number {
  for (let index = 0; index < value.length; index++) {
    const character = value.charAt(index);
    const fits =
      index < 2
        ? shape.prefixes.some((prefix) => value.slice(0, index + 1) === prefix.slice(0, index + 1))
        : index < idLength && hex.test(character);
    if (!fits) return index + 1;
  }
  return value.length + 1;
}

/** @throws {ConfigurationError} `app`: it is not 1 to 64 characters of `A-Za-z0-9._-`. */
export function checkedApp(name: string): string {
  if (/^[A-Za-z0-9._-]{1,64}$/.test(name)) return name;
  throw new ConfigurationError("The app's name is not 1 to 64 characters of A-Za-z0-9._-. Give the agent id, or a name such as contacts.", {
    rule: "app",
  });
}

export interface SecretShape {
  /** What it is called in errors. */
  readonly name: string;
  readonly alphabet: RegExp;
  readonly length: number | undefined;
  readonly expected: string;
}

export const appSecretShape: SecretShape = { name: "AppSecret", alphabet: /^[0-9a-fA-F]$/, length: 32, expected: "32 hexadecimal digits" };
/** WeCom does not state a length; 43 characters are usual. */
export const corpSecretShape: SecretShape = {
  name: "app secret",
  alphabet: /^[0-9A-Za-z_-]$/,
  length: undefined,
  expected: "letters, digits, _ and -",
};

const absent = new Set(["undefined", "null", "none", "nan", "[object object]"]);
const placeholder =
  /^(<.*>|\$\{.*\}|\{\{.*\}\}|\[.*\]|x+|\*+|\.+|((your|my|the|insert)[-_ ]?)?((wechat|wecom|app|corp|mp)[-_ ]?)*secret([-_ ]?(here|key))?|change[-_ ]?me|todo|placeholder|example)$/i;

/**
 * Returns the secret when it has the platform's shape. With `trim`, white space round it is removed first, for mounted files that end in a line end.
 *
 * @throws {ConfigurationError} `secret-shape`: says what is wrong and where, and shows nothing of the secret.
 */
export function checkedSecret(value: unknown, options: { readonly trim?: boolean; readonly shape?: SecretShape } = {}): string {
  const shape = options.shape ?? appSecretShape;
  const refuse = (what: string): never => {
    throw new ConfigurationError(`The ${shape.name} ${what}.`, { rule: "secret-shape" });
  };
  if (typeof value !== "string")
    return refuse(`is ${value === null ? "null" : typeof value}, not a string. Is its environment variable set`);
  const text = options.trim ? value.trim() : value;
  if (text === "") return refuse("is empty. Is its environment variable set");
  if (absent.has(text.toLowerCase())) return refuse("is the text of a missing value. Is its environment variable set");
  if (placeholder.test(text.trim())) return refuse("is a placeholder. Copy the real one from the platform's console");
  if (text !== text.trim()) {
    const position = text.length - text.trimStart().length > 0 ? 1 : text.trimEnd().length + 1;
    return refuse(`has ${characterName(text, position)} at position ${position}, as mounted files often do. Remove it, or pass trim: true`);
  }
  const misfit = [...text].findIndex((character) => !shape.alphabet.test(character));
  if (misfit >= 0) return refuse(`has a character at position ${misfit + 1} that cannot be in one; ${shape.expected} are expected`);
  if (shape.length !== undefined && text.length !== shape.length)
    return refuse(`has ${text.length} characters; ${shape.expected} are expected`);
  return text;
}

const named: ReadonlyMap<number, string> = new Map([
  [0x09, "a tab"],
  [0x0a, "a line end"],
  [0x0d, "a carriage return"],
  [0x20, "a space"],
  [0xa0, "a no-break space"],
  [0xfeff, "a byte order mark"],
]);

function characterName(value: string, position: number): string {
  const codePoint = value.codePointAt(position - 1) ?? 0;
  const code = `U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`;
  const name =
    named.get(codePoint) ??
    (codePoint >= 0xff01 && codePoint <= 0xff5e ? "a full-width character" : "a character that does not belong there");
  return `${name} (${code})`;
}

/** Shows control characters and everything outside ASCII by their code, so that an invisible one is seen. */
function printable(text: string): string {
  return text.replace(/[^\x21-\x7e]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
