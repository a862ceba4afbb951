/** Decides what a key may do. */
import type { KeyRecord, Right } from "./key-document.ts";

/** True if the key may do this to the credential. A right that was not granted is denied. */
export function hasRight(key: KeyRecord, right: Right, ref: string | undefined): boolean {
  if (!key.rights.includes(right)) return false;
  return ref === undefined || key.refs.includes("*") || key.refs.includes(ref);
}
