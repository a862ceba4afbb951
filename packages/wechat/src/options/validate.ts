/**
 * Refuses identifiers and secrets that are certainly wrong, at construction, before anything is
 * sent.
 */
import { ConfigurationError } from "@lingpai/core";

/**
 * The form of an identifier that the platform assigns. No platform documents the form, and new ones
 * appear (`wp…`, case-sensitive, since 2021: developer.work.weixin.qq.com/document/path/96516). So
 * only certain mistakes are refused: characters other than letters, digits, `_` and `-`; a length
 * that no identifier has; a text that stands for a missing value; and an id that the platform
 * documents as something else.
 */
export interface IdShape {
  /** The name of the identifier in errors. */
  readonly name: string;
  /** Ids of another kind: how they begin, and a description. */
  readonly others: Readonly<Record<string, string>>;
}

const originalId = "an account's original id (原始 ID)";

export const appIdShape: IdShape = { name: "AppID", others: { gh_: originalId } };
export const corpIdShape: IdShape = { name: "corp id", others: { gh_: originalId } };

const idLength = { min: 8, max: 128 };
const idCharacter = /^[0-9A-Za-z_-]$/;

/**
 * Returns the identifier, unless it is certainly wrong.
 *
 * @throws {ConfigurationError} `id-shape`: names the position of the first invalid character
 *   (counted from 1) and shows at most the first four characters.
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
  // An AppSecret given as an id would appear in keys, events and logs.
  if (secretForm.test(value)) return refuse("has the form of an AppSecret");
  const other = Object.entries(shape.others).find(([prefix]) => value.startsWith(prefix));
  return other === undefined ? value : refuse(`${shown} is ${other[1]}`);
}

const secretForm = /^[0-9a-fA-F]{32}$/;
const idPlaceholder =
  /^((your|my|the|insert)[-_]?)?((wechat|wecom|mp)[-_]?)*(app|corp)[-_]?id([-_]?here)?$|^x+$/i;

/** @throws {ConfigurationError} `app`: the name is not 1 to 64 characters of `A-Za-z0-9._-`. */
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
  /** The name of the secret in errors. */
  readonly name: string;
}

/** Usually 32 hexadecimal digits. The platform does not promise that. */
export const appSecretShape: SecretShape = { name: "AppSecret" };
/**
 * Usually 43 characters. A permanent code may have up to 512
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
 * Returns the secret, unless it is certainly wrong. With `trim`, white space around it is removed
 * first, for mounted files that end in a newline.
 *
 * @throws {ConfigurationError} `secret-shape`: says what is wrong and where. It shows nothing of
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
  [0x0a, "a newline"],
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
 * Shows control characters and non-ASCII characters by their code, so that an invisible one is
 * visible.
 */
function printable(text: string): string {
  return text.replace(
    /[^\x21-\x7e]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
