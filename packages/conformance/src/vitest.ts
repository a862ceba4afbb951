/** Binds the clauses to vitest. */
import { afterAll, beforeAll, describe, test } from "vitest";
import type { Backend } from "./backend.ts";
import { bind, startTimeoutMs } from "./runner/binding.ts";

/** Registers one test for each clause. Clauses that may run at the same time do. */
export function conform(backend: Backend): void {
  const suite = bind(backend);
  if (suite.tests.length === 0) return;
  describe(suite.title, () => {
    beforeAll(() => suite.start(), startTimeoutMs);
    afterAll(() => suite.stop(), startTimeoutMs);
    for (const { title, alone, timeoutMs, run } of suite.tests) {
      (alone ? test : test.concurrent)(title, { timeout: timeoutMs }, run);
    }
  });
}
