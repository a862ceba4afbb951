/** Encodes a credential as each SDK does, and decodes it. */
import type { Encoding } from "./conventions.ts";

export interface Content {
  readonly secret: string;
  /** The rest of its life, in ms. */
  readonly remainingMs: number;
  /** The wall clock, in ms since the Unix epoch. */
  readonly wallMs: number;
}

export function encode(encoding: Encoding, { secret, remainingMs, wallMs }: Content): string {
  switch (encoding) {
    case "plain":
      return secret;
    case "php-string":
      return `s:${Buffer.byteLength(secret)}:"${secret}";`;
    case "json-string":
      return JSON.stringify(secret);
    case "json-token":
      return JSON.stringify({ access_token: secret, expires_in: Math.floor(remainingMs / 1000) });
    case "json-expires-at":
      return String(Math.floor((wallMs + remainingMs) / 1000));
  }
}

/**
 * Returns the credential, or undefined when the text is not in the SDK's format.
 */
export function decode(encoding: Encoding, text: string): string | undefined {
  const secret = decoded(encoding, text);
  return secret !== undefined && /^[\x21-\x7e]{1,2048}$/.test(secret) ? secret : undefined;
}

function decoded(encoding: Encoding, text: string): string | undefined {
  if (encoding === "plain") return text;
  if (encoding === "php-string") {
    const [, bytes, secret] = /^s:(\d+):"(.*)";$/s.exec(text) ?? [];
    return secret !== undefined && Buffer.byteLength(secret) === Number(bytes) ? secret : undefined;
  }
  const value = parsed(text);
  if (encoding === "json-string") return typeof value === "string" ? value : undefined;
  if (typeof value !== "object" || value === null || !("access_token" in value)) return undefined;
  return typeof value.access_token === "string" ? value.access_token : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
