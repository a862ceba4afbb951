/** Parts of PromQL expressions that several rules share. */

const credential = "lingpai_credential_ref, lingpai_environment";

/** One series for each credential and environment, of all processes. */
export function perCredential(aggregation: "max" | "min" | "sum", expression: string): string {
  return `${aggregation} by (${credential}) (${expression})`;
}

/** Both sides are of one credential and environment. */
export function sameCredential(operator: "and" | "on" | "unless"): string {
  return operator === "on" ? `on (${credential})` : `${operator} on (${credential})`;
}

/**
 * How often a counter counted within the window. `increase()` alone misses the first event: a rare
 * event's series begins with the value 1, and the first sample is no increase.
 */
export function counted(series: string, window: string): string {
  return `((increase(${series}[${window}]) > 0) or (${series} unless ${series} offset ${window}))`;
}
