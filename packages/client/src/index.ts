/**
 * Credentials of a token server, for nodes that hold no AppSecret and never fetch.
 *
 * @packageDocumentation
 */
export { remote } from "./remote.ts";
export type { RemoteOptions } from "./remote.ts";
