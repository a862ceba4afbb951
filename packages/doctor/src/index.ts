/**
 * The checks of `lingpai doctor` as data: the faults of a store, their meaning, and their remedies.
 * For the command, the token server and the dashboard.
 *
 * @packageDocumentation
 */
export { applyFix, diagnose } from "./diagnose.ts";
export type { Diagnosis, DiagnoseOptions } from "./diagnose.ts";
export { checks } from "./checks/index.ts";
export type { Check, CheckResult, CheckText, Fix, Language, Outcome, Severity } from "./check.ts";
export type { PlatformFacts } from "./sight/platform-facts.ts";
