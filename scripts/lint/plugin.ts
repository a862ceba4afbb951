/**
 * The rules of this repository that no linter has. Each message names the alternative, and each
 * rule has a failing case in `plugin.test.ts`.
 */
import { ambientRandom, ambientTime } from "./ambient.ts";
import { dependencyDirection } from "./directions.ts";
import {
  noModuleState,
  noRealTimeInUnitTests,
  noTestEvasion,
  noUnexplainedDoubleCast,
  noUnexplainedSuppression,
  noWholeStoreCommand,
} from "./honesty.ts";
import type { Rule } from "./rule.ts";

const rules: Record<string, Rule> = {
  "no-ambient-time": ambientTime,
  "no-ambient-random": ambientRandom,
  "dependency-direction": dependencyDirection,
  "no-test-evasion": noTestEvasion,
  "no-real-time-in-unit-tests": noRealTimeInUnitTests,
  "no-unexplained-double-cast": noUnexplainedDoubleCast,
  "no-unexplained-suppression": noUnexplainedSuppression,
  "no-module-state": noModuleState,
  "no-whole-store-command": noWholeStoreCommand,
};

const plugin: { readonly meta: { readonly name: string }; readonly rules: Record<string, Rule> } = {
  meta: { name: "lingpai" },
  rules,
};
export default plugin;
