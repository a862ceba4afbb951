/** The names of the streams that a server writes to the event log. */

/** All events of all credentials, which `/v1/events` follows. */
export const fleetStream = "fleet";
export const auditStream = "audit";
/** The life line of one credential. */
export function lifeStream(ref: string): string {
  return `credential:${ref.length <= 900 ? ref : ref.slice(0, 900)}`;
}
