/** A reporter of vitest that prints the first failure when it happens, beside one that tells everything at the end. */
import { relative } from "node:path";
import type { Reporter } from "vitest/node";
import { root } from "./workspace.ts";

/** What is read of vitest's TestCase. */
export interface Ended {
  readonly fullName: string;
  readonly module: { readonly moduleId: string };
  result(): { readonly state: string; readonly errors?: readonly Failure[] | undefined };
}

interface Failure {
  readonly message: string;
  readonly stack?: string | undefined;
}

export default class FirstFailure implements Reporter {
  #isTold = false;

  onTestCaseResult(test: Ended): void {
    const { state, errors = [] } = test.result();
    if (state !== "failed" || this.#isTold) return;
    this.#isTold = true;
    const where = `${relative(root, test.module.moduleId)} > ${test.fullName}`;
    this.print(`\nlingpai: the first failure: ${where}\n${errors.map(textOf).join("\n")}\n`);
  }

  print(text: string): void {
    console.error(text);
  }
}

/** Without the lines of what called the test. */
function textOf({ message, stack }: Failure): string {
  const lines = (stack ?? "").split("\n").filter((line) => !line.includes("node_modules"));
  return stack?.includes(message) ? lines.join("\n") : [message, ...lines].join("\n");
}
