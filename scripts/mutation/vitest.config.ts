import { defineConfig } from "vitest/config";

/** The unit tests that mutants are shown to: those of the packages whose files are mutated, or of the folder that a sample is about. */
export default defineConfig({
  test: {
    env: { LINGPAI_TEST_RUN: "1" },
    isolate: false,
    testTimeout: 60_000,
    include: [`${process.env["LINGPAI_MUTATION_TESTS"] ?? "packages/{core,wechat}/src"}/**/*.test.ts`],
    exclude: ["**/node_modules/**", "**/*.{processes,redis,servers,packaging,docs}.test.ts"],
  },
});
