import type { Regression } from "../regression.ts";

export const availability: readonly Regression[] = [
  {
    right: "Unforced fetches of a stable or sliding credential harm nobody: no budget holds them.",
    edits: [
      {
        file: "packages/core/src/state/governor.ts",
        from: "if (!rules.supersedes) return undefined;",
        to: "",
      },
    ],
    test: "packages/core/src/state/governor.test.ts",
  },
];
