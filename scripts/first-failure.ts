/** A reporter of vitest that prints the first failure when it happens, beside one that tells everything at the end. */
import { relative } from "node:path";
import type { Reporter, TestCase } from "vitest/node";
import { root } from "./workspace.ts";

export default class FirstFailure implements Reporter {
  #isTold = false;

  onTestCaseResult({ fullName, module, result }: TestCase): void {
    const { state, errors = [] } = result();
    if (state !== "failed" || this.#isTold) return;
    this.#isTold = true;
    console.error(`\nlingpai: the first failure: ${relative(root, module.moduleId)} > ${fullName}\n${errors.map(textOf).join("\n")}\n`);
  }
}

function textOf({ message, stack }: { readonly message: string; readonly stack?: string }): string {
  return stack === undefined || stack === "" ? message : stack;
}
