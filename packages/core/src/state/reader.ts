/** One object of a stored document, read field by field. */
import { UnreadableEntryError } from "../errors.ts";

export function notADocument(key: string, why: string): string {
  return `What is stored under "${key}" is not a credential document (${why}). Find out what else writes this key, and give Lingpai a prefix of its own. Rename the key and keep what it holds: if it was a document once, it may be the only copy of a refresh token.`;
}

/**
 * Reads own properties only, each of its one type. Remembers which fields were read: the others are
 * unknown to this release.
 */
export class Reader {
  readonly #from: Record<string, unknown>;
  readonly #known = new Set(["__proto__"]);
  readonly #key: string;

  constructor(from: unknown, key: string) {
    this.#key = key;
    if (typeof from !== "object" || from === null || Array.isArray(from))
      throw new UnreadableEntryError(key, "format", notADocument(key, "not an object"));
    this.#from = from as Record<string, unknown>;
  }

  has(name: string): boolean {
    this.#known.add(name);
    return Object.hasOwn(this.#from, name);
  }

  text(name: string): string {
    const value = this.#own(name);
    if (typeof value !== "string") throw this.unreadable(name);
    return value;
  }

  yes(name: string): true {
    const value = this.#own(name);
    if (value !== true) throw this.unreadable(name);
    return value;
  }

  /** Reads a whole number of at least 0. */
  count(name: string): number {
    const value = this.#own(name);
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw this.unreadable(name);
    return value as number;
  }

  object(name: string): Reader {
    const value = this.#own(name);
    if (typeof value !== "object" || value === null) throw this.unreadable(name);
    return new Reader(value, this.#key);
  }

  optional<K extends string, T>(name: K, read: (from: Reader) => T): { [P in K]?: T } {
    if (!this.has(name)) return {};
    const from = this.object(name);
    return { [name]: from.withUnknown(read(from)) } as { [P in K]?: T };
  }

  /** Adds to the known fields every field that was not read. */
  withUnknown<T>(known: T): T {
    const unknown = Object.entries(this.#from).filter(([name]) => !this.#known.has(name));
    if (unknown.length === 0) return known;
    return { ...Object.fromEntries(unknown), ...known };
  }

  unreadable(name: string): UnreadableEntryError {
    return new UnreadableEntryError(
      this.#key,
      "format",
      notADocument(this.#key, `"${name}" is missing or of a wrong kind`),
    );
  }

  #own(name: string): unknown {
    return this.has(name) ? this.#from[name] : undefined;
  }
}
