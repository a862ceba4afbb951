/**
 * The driver of a node that runs a later release. It adds a field that this release does not know,
 * at the root of the document and in the credential.
 */
import type { CacheDriver } from "@lingpai/core/driver";

const field = "writtenByLaterRelease";

/** True if a document has the field. */
export function hasLaterField(text: string): boolean {
  return text.includes(`"${field}"`);
}

/** Returns a driver that adds the field to every document. */
export function laterRelease(driver: CacheDriver): CacheDriver {
  return {
    ...driver,
    set: (name, value, write) => driver.set(name, withField(value), write),
  };
}

function withField(value: string): string {
  const document: unknown = JSON.parse(value);
  if (typeof document !== "object" || document === null || !("outcomeId" in document)) return value;
  const credential =
    "credential" in document && typeof document.credential === "object"
      ? { ...document.credential, [field]: 2 }
      : undefined;
  return JSON.stringify({
    ...document,
    [field]: { release: 2 },
    ...(credential !== undefined && { credential }),
  });
}
