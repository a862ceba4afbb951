/** Marks a refused credential in the document. */
import type { SuspectEvent } from "../state/suspect.ts";
import type { Applied, ApplyOptions, FleetDocument } from "./document.ts";
import { isUnavailable } from "./store-health.ts";

/**
 * Resolves to undefined if the store refuses the write: no caller waits for a mark, and a consumer
 * may have no right to write.
 */
export async function markSuspect(
  document: FleetDocument,
  mark: Omit<SuspectEvent, "type">,
  options?: ApplyOptions,
): Promise<Applied<SuspectEvent> | undefined> {
  try {
    return await document.apply({ type: "suspect", ...mark }, options);
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    return undefined;
  }
}
