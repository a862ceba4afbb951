/** A route as data, which the router mounts and /openapi.json describes. */
import type { Right } from "../keys/key-document.ts";
import type { RouteContext } from "./context.ts";

export type Handler = (
  request: Request,
  context: RouteContext,
  parameters: Readonly<Record<string, string>>,
) => Promise<Response>;

export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  /** The path. Parameters are written `:name`. */
  readonly path: string;
  readonly summary: string;
  /** If empty, no key is needed. */
  readonly rights: readonly Right[];
  readonly statuses: readonly number[];
  readonly query?: readonly string[];
  readonly handler: Handler;
}
