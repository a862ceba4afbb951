/**
 * Refuses identifiers and secrets that cannot be right, where they are given and before anything is
 * sent.
 */
import { ConfigurationError } from "@lingpai/core";

/**
 * An identifier that the platform assigns. No platform documents its form, and new ones appear
 * (`wp…`, case-sensitive, since 2021: developer.work.weixin.qq.com/document/path/96516), so only
 * what no identifier can be is refused: other characters than letters, digits, `_` and `-`, a
 * length that none has, a text that stands for a missing value, and ids that the platform documents
 * as another thing.
 */
export interface IdShape {
  /** What it is called in errors. */
  readonly name: string;
  /** Ids of another kind, by how they begin, and what they are. */
  readonly others: Readonly<Record<string, string>>;
}

const originalId = "an account's original id (原始 ID)";

export const appIdShape: IdShape = { name: "AppID", others: { gh_: originalId } };
export const corpIdShape: IdShape = { name: "corp id", others: { gh_: originalId } };

const idLength = { min: 8, max: 128 };
const idCharacter = /^[0-9A-Za-z_-]$/;

/**
 * Returns the identifier unless it cannot be one.
 *
 * @throws {ConfigurationError} `id-shape`: names the position of the first character that cannot be
 *   there (counted from 1) and shows no more than the first four characters.
 */
export function checkedId(value: unknown, shape: IdShape = appIdShape): string {
  const refuse = (what: string): never => {
    throw new ConfigurationError(
      `The ${shape.name} ${what}. Copy it from the platform's console: letters and digits, without spaces or line ends.`,
      { rule: "id-shape" },
    );
  };
  if (typeof value !== "string")
    return refuse(`is ${value === null ? "null" : typeof value}, not a string`);
  if (value === "") return refuse("is empty");
  const shown = `"${printable(value.slice(0, 4))}…"`;
  const index = [...value].findIndex((character) => !idCharacter.test(character));
  if (index >= 0)
    return refuse(`${shown} has ${characterName(value, index + 1)} at position ${index + 1}`);
  if (absent.has(value.toLowerCase()))
    return refuse("is the text of a missing value. Is its environment variable set");
  if (idPlaceholder.test(value)) return refuse("is a placeholder");
  if (value.length < idLength.min) return refuse(`${shown} ends after ${value.length} characters`);
  if (value.length > idLength.max)
    return refuse(`${shown} has ${value.length} characters, more than any has`);
  // It would be shown: in keys, in events, in logs.
  if (secretForm.test(value)) return refuse("has the form of an AppSecret");
  const other = Object.entries(shape.others).find(([prefix]) => value.startsWith(prefix));
  return other === undefined ? value : refuse(`${shown} is ${other[1]}`);
}

const secretForm = /^[0-9a-fA-F]{32}$/;
const idPlaceholder =
  /^((your|my|the|insert)[-_]?)?((wechat|wecom|mp)[-_]?)*(app|corp)[-_]?id([-_]?here)?$|^x+$/i;

/** @throws {ConfigurationError} `app`: it is not 1 to 64 characters of `A-Za-z0-9._-`. */
export function checkedApp(name: string): string {
  if (/^[A-Za-z0-9._-]{1,64}$/.test(name)) return name;
  throw new ConfigurationError(
    "The app's name is not 1 to 64 characters of A-Za-z0-9._-. Give the agent id, or a name such as contacts.",
    {
      rule: "app",
    },
  );
}

export interface SecretShape {
  /** What it is called in errors. */
  readonly name: string;
}

/** 32 hexadecimal digits are usual; the platform does not promise that. */
export const appSecretShape: SecretShape = { name: "AppSecret" };
/**
 * 43 characters are usual; a permanent code may have up to 512
 * (developer.work.weixin.qq.com/document/path/90603, 2023-12-12).
 */
export const corpSecretShape: SecretShape = { name: "app secret" };

const secretLength = { min: 8, max: 512 };
/** Visible ASCII. */
const secretCharacter = /^[\x21-\x7e]$/;

const absent = new Set(["undefined", "null", "none", "nan", "[object object]"]);
const placeholder =
  /^(<.*>|\$\{.*\}|\{\{.*\}\}|\[.*\]|x+|\*+|\.+|((your|my|the|insert)[-_ ]?)?((wechat|wecom|app|corp|mp)[-_ ]?)*secret([-_ ]?(here|key))?|change[-_ ]?me|todo|placeholder|example)$/i;

/**
 * Returns the secret unless it cannot be one. With `trim`, white space round it is removed first,
 * for mounted files that end in a line end.
 *
 * @throws {ConfigurationError} `secret-shape`: says what is wrong and where, and shows nothing of
 *   the secret.
 */
export function checkedSecret(
  value: unknown,
  options: { readonly trim?: boolean; readonly shape?: SecretShape } = {},
): string {
  const shape = options.shape ?? appSecretShape;
  const refuse = (what: string): never => {
    throw new ConfigurationError(`The ${shape.name} ${what}.`, { rule: "secret-shape" });
  };
  if (typeof value !== "string")
    return refuse(
      `is ${value === null ? "null" : typeof value}, not a string. Is its environment variable set`,
    );
  const text = options.trim ? value.trim() : value;
  if (text === "") return refuse("is empty. Is its environment variable set");
  if (absent.has(text.toLowerCase()))
    return refuse("is the text of a missing value. Is its environment variable set");
  if (placeholder.test(text.trim()))
    return refuse("is a placeholder. Copy the real one from the platform's console");
  if (text !== text.trim()) {
    const position = text.length - text.trimStart().length > 0 ? 1 : text.trimEnd().length + 1;
    return refuse(
      `has ${characterName(text, position)} at position ${position}, as mounted files often do. Remove it, or pass trim: true`,
    );
  }
  const misfit = [...text].findIndex((character) => !secretCharacter.test(character));
  if (misfit >= 0)
    return refuse(
      `has a character at position ${misfit + 1} that cannot be in one; visible ASCII is expected`,
    );
  if (text.length < secretLength.min || text.length > secretLength.max)
    return refuse(
      `has ${text.length} characters; ${secretLength.min} to ${secretLength.max} are expected`,
    );
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
    (codePoint >= 0xff01 && codePoint <= 0xff5e
      ? "a full-width character"
      : "a character that does not belong there");
  return `${name} (${code})`;
}

/**
 * Shows control characters and everything outside ASCII by their code, so that an invisible one is
 * seen.
 */
function printable(text: string): string {
  return text.replace(
    /[^\x21-\x7e]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
