/**
 * The files of the page. In the workspace they are bundled from their sources at each call. The
 * build replaces this module by one that contains them.
 */
import type { Asset } from "./asset.ts";
import { bundle } from "./build/bundle.ts";

export function assets(): readonly Asset[] {
  return bundle();
}
