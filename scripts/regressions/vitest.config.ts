import { mergeConfig } from "vitest/config";
import usual from "../../vitest.config.ts";
import { root } from "../workspace.ts";
import { editPlugin } from "./edit-plugin.ts";

export default mergeConfig(usual, {
  root,
  plugins: [editPlugin()],
  // Vitest's caches of earlier runs lack these edits, or have others.
  test: { fsModuleCache: false },
});
