/** A row of the tables of documented paths. */
import type { Host } from "./hosts.ts";

/**
 * A page without `https://`, then the APIs that it documents: `"POST /cgi-bin/menu/create"`, or the
 * path alone if both methods are accepted.
 */
export type PathGroup = readonly [source: string, ...calls: readonly string[]];

/** The owner of the token that a path takes. */
export type Holder = "account" | "component" | "suite" | "provider";

export interface DocumentedPath {
  readonly host: Host;
  readonly method: "GET" | "POST" | "any";
  readonly path: string;
  readonly holder: Holder;
  /** The query parameter that carries the token. */
  readonly parameter: string;
  /** The page that documents it, without `https://`. */
  readonly source: string;
  /** When the row was compiled from the documentation. */
  readonly compiled: string;
}
