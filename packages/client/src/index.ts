/**
 * Credentials of a token server, for nodes that have no AppSecret and never fetch.
 *
 * @packageDocumentation
 */
export { remote } from "./remote.ts";
export type { RemoteOptions } from "./remote.ts";
