/** How mutants are made and tested. `main.ts` selects the files, and judges the outcome. */
const files = process.env["LINGPAI_MUTATE"] ?? "packages/core/src/state/*.ts";

export default {
  testRunner: "in-process",
  plugins: ["./scripts/mutation/test-runner.ts"],
  // Core and wechat import their own files by relative paths, so a copy of these folders is enough;
  // the others' settings are only referred to.
  ignorePatterns: [
    ...[
      "/*",
      "!/packages",
      "/packages/*/*",
      "!/packages/*/tsconfig.json",
      "!/packages/core/*",
      "!/packages/wechat/*",
    ],
    ...["!/tsconfig.base.json", "node_modules", "dist", "*.tsbuildinfo"],
  ],
  // Stryker would rewrite it with the compiler's API, which TypeScript 7 no longer has. Nothing in the copy reads it.
  tsconfigFile: ".cache/none.json",
  mutate: [...files.split(","), "!**/*.{test,fixture,types}.ts"],
  coverageAnalysis: "perTest",
  // A mutant that is made when its module loads needs all tests. The nightly run does that.
  ignoreStatic: process.env["LINGPAI_MUTATE_STATIC"] !== "1",
  disableTypeChecks: false,
  concurrency: Number(process.env["LINGPAI_MUTATION_CONCURRENCY"] ?? 2),
  // A mutant in an endless loop is stopped by its loop count. This limit is for a stalled machine,
  // which must not look like a kill.
  timeoutMS: 600_000,
  dryRunTimeoutMinutes: 30,
  timeoutFactor: 3,
  reporters: ["json"],
  tempDirName: ".cache/mutation",
  jsonReporter: { fileName: process.env["LINGPAI_MUTATION_REPORT"] ?? ".cache/mutation.json" },
};
