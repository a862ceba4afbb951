/** The limits of a JSON body for `readJson` and `readText`. */
import type { BodyLimits } from "../http/read-body.ts";
import type { RouteContext } from "./context.ts";

export function bodyLimits({ clock, limits }: RouteContext): BodyLimits {
  return { clock, bytesMax: limits.bodyBytes, waitMs: limits.bodyMs };
}
