/** Binds the clauses to node:test. */
import { after, before, describe, test } from "node:test";
import type { Backend } from "./backend.ts";
import { bind, startTimeoutMs } from "./runner/binding.ts";

/** Registers one test for each clause. They run one after the other. */
export function conform(backend: Backend): void {
  const suite = bind(backend);
  void describe(suite.title, () => {
    before(() => suite.start(), { timeout: startTimeoutMs });
    after(() => suite.stop(), { timeout: startTimeoutMs });
    for (const { title, timeoutMs, run } of suite.tests)
      void test(title, { timeout: timeoutMs }, run);
  });
}
