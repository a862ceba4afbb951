/** Makes the edits of a regression in memory, wherever code is loaded. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vitest/config";
import { root } from "../workspace.ts";
import { edited, type Edit } from "./regression.ts";

/** The JSON file of `Edit[]` with the edits to make. */
export const editsVariable = "LINGPAI_REGRESSION_EDITS";

export function wantedEdits(): ReadonlyMap<string, readonly Edit[]> {
  const file = process.env[editsVariable];
  if (file === undefined) throw new Error(`${editsVariable} is not set. Run pnpm regressions.`);
  const edits = JSON.parse(readFileSync(file, "utf8")) as readonly Edit[];
  return Map.groupBy(edits, (edit) => join(root, edit.file));
}

/** Applies the edits in modules that Vitest loads. */
export function editPlugin(): Plugin {
  const edits = wantedEdits();
  return {
    name: "regression",
    enforce: "pre",
    transform(code, id) {
      const own = edits.get(id.replace(/\?.*/, ""));
      return own && { code: edited(code, own), map: null };
    },
  };
}
