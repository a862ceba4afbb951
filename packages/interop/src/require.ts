/** Checks of the arguments that all parts of this package take. */
import { requireShape } from "@lingpai/core";

export function requireStore(given: unknown): void {
  const remedy = "ioredisRawStore(client) or nodeRedisRawStore(client) makes one.";
  requireShape("store", given, ["get", "remainingMs", "set", "setIfAbsent", "deleteIf"], remedy);
}

export function requireMirroredCredential(given: unknown): void {
  requireShape(
    "credential",
    given,
    ["check", "get", "peek", "status", "watch"],
    "core's credential() makes one.",
  );
}

export function requireCredential(given: unknown): void {
  requireShape(
    "credential",
    given,
    ["get", "reject"],
    "core's credential() makes one; a client of a provider has one.",
  );
}
