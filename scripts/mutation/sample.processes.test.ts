/**
 * A sample of the nightly run, with the reducer: it takes seconds, and always tries the same
 * mutants with the same tests.
 */
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "../process.ts";
import { root } from "../workspace.ts";

test("the tests beside the reducer notice nine of ten small changes to it, and the others are named", async () => {
  const printed = await run(
    process.execPath,
    [join(root, "scripts/mutation/main.ts"), "--sample"],
    { cwd: root, timeoutMs: 230_000 },
  );
  const score = printed.slice(printed.lastIndexOf("mutation score:"));
  console.log(score);
  expect(score).toMatch(
    /^mutation score: \d+\.\d % \(\d{4} of \d{4} mutants killed; \d+ live with a reason, 0 without\)\nmet: at least 90 %/,
  );
});
