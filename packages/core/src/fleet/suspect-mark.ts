/** Writes into the document what is known of a credential that somebody was refused with. */
import type { SuspectEvent } from "../state/suspect.ts";
import type { Applied, ApplyOptions, FleetDocument } from "./document.ts";
import { isUnavailable } from "./store-health.ts";

/**
 * Undefined where the store does not take it: nobody waits for a mark, and a consumer may have been
 * given no right to write.
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
