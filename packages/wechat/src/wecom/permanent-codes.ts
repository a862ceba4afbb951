/**
 * The permanent codes of the corps that installed a suite, stored for the whole fleet, because
 * WeCom returns each only once.
 */
import {
  CacheUnavailableError,
  ConfigurationError,
  delay,
  systemClock,
  UnreadableEntryError,
} from "@lingpai/core";
import type { Cache, Clock } from "@lingpai/core";

export interface PermanentCodesOptions {
  readonly suiteId: string;
  readonly cache: Cache;
  readonly environment: string;
  readonly clock?: Clock;
}

const attemptsMax = 5;

export class PermanentCodes {
  readonly #suiteId: string;
  readonly #cache: Cache;
  readonly #clock: Clock;

  constructor({ suiteId, cache, environment, clock = systemClock }: PermanentCodesOptions) {
    this.#suiteId = suiteId;
    this.#cache = cache.withPrefix(environment);
    this.#clock = clock;
  }

  /**
   * Stores the code in place of the previous one, which a new installation has made invalid. Tries
   * for some seconds, because WeCom does not return the code again.
   *
   * @throws {CacheUnavailableError} The code is not stored. The corp has to install the suite
   *   again, or the code has to be given to `corp()`.
   */
  async put(corpId: string, permanentCode: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#cache.set(this.#key(corpId), JSON.stringify({ v: 1, permanentCode }));
        return;
      } catch (error) {
        if (!(error instanceof CacheUnavailableError) || attempt === attemptsMax) throw error;
        await delay(this.#clock, 250 * 2 ** attempt);
      }
    }
  }

  /**
   * @throws {ConfigurationError} `not-installed`: no code is stored.
   * @throws {CacheUnavailableError} The store did not answer.
   * @throws {UnreadableEntryError} The stored value is not a permanent code.
   */
  async get(corpId: string): Promise<string> {
    const key = this.#key(corpId);
    const entry = await this.#cache.get(key);
    if (entry !== undefined) return codeIn(entry.value, key);
    throw new ConfigurationError(
      `No permanent code of the corp ${corpId} is kept for the suite ${this.#suiteId}. Give install() the code of its installation, or corp() the permanent code.`,
      { rule: "not-installed" },
    );
  }

  #key(corpId: string): string {
    return `wecom:permanent-code:${this.#suiteId}:${corpId}`;
  }
}

function codeIn(text: string, key: string): string {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
  }
  const code: unknown =
    typeof document === "object" && document !== null && "permanentCode" in document
      ? document.permanentCode
      : undefined;
  if (typeof code === "string" && code !== "") return code;
  throw new UnreadableEntryError(
    key,
    "format",
    `What is stored under "${key}" is no permanent code. Upgrade this node if a newer release wrote it; otherwise give Lingpai a prefix of its own, or rename that key.`,
  );
}
