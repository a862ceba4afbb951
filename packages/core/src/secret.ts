/** Secrets that cannot be printed by accident, and the fingerprints that identify them in logs. */
import { createHmac } from "node:crypto";
import { inspect } from "node:util";

/**
 * Holds a secret outside every enumerable property. Logging, inspecting, serialising or
 * interpolating it shows its fingerprint. Only {@link Secret.reveal} returns the text.
 */
export class Secret {
  /**
   * 16 URL-safe characters (96 bits of a keyed hash). Equal secrets of one credential have equal
   * fingerprints. Those of different credentials cannot be compared.
   */
  readonly fingerprint: string;
  readonly #text: string;

  constructor(text: string, fingerprint: string) {
    this.#text = text;
    this.fingerprint = fingerprint;
  }

  /** The secret itself. Send it to the platform and nowhere else. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return `[secret ${this.fingerprint.slice(0, 8)}]`;
  }

  toJSON(): string {
    return this.toString();
  }

  static {
    // `console.log` and `util.inspect` call this method. It is defined here because its name is
    // computed.
    Object.defineProperty(Secret.prototype, inspect.custom, { value: Secret.prototype.toString });
  }
}

/** Returns the text of a secret that may be plain. */
export function revealed(secret: Secret | string): string {
  return typeof secret === "string" ? secret : secret.reveal();
}

/**
 * Derives a fingerprint: HMAC-SHA-256 under `key`, cut to 96 bits, as base64url. The key is any
 * text that the fleet shares.
 */
export function fingerprint(key: string, text: string): string {
  return createHmac("sha256", key).update(text).digest().subarray(0, 12).toString("base64url");
}
