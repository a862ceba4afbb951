import { mergeConfig } from "vitest/config";
import usual from "../../vitest.config.ts";
import { root } from "../workspace.ts";
import { editPlugin } from "./edit-plugin.ts";

export default mergeConfig(usual, {
  root,
  plugins: [editPlugin()],
  // What Vitest keeps on disk from an earlier run is without these edits, or with others.
  test: { fsModuleCache: false },
});
