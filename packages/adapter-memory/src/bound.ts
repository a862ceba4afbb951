import { ConfigurationError } from "@lingpai/core";

/** Returns `value` if it is a whole number of at least 1. */
export function requireBound(option: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new ConfigurationError(
    `${option} must be a whole number of at least 1, not ${String(value)}.`,
  );
}
