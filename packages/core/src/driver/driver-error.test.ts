import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { asLingpaiError } from "./driver-error.ts";
import { CacheUnavailableError, UnreadableEntryError } from "../errors.ts";

describe("an error of a driver", () => {
  const canary = "canary-9f3c";

  test("FAULT-11 keeps no property that could hold a value", () => {
    const error = Object.assign(new RangeError(`ERR value is not ${canary}`), {
      command: { args: ["k", canary] },
      cause: new Error(canary),
    });
    const wrapped = asLingpaiError(error, "ioredis");
    expect(wrapped).toBeInstanceOf(CacheUnavailableError);
    expect(wrapped.message).toBe(
      "The store (ioredis) failed: RangeError. Check that it is up and that its client is connected.",
    );
    expect(inspect(wrapped, { depth: 10, showHidden: true })).not.toContain(canary);
    expect(wrapped.cause).toBeUndefined();
  });

  test.each([
    ["ECONNREFUSED", "disconnected"],
    ["ECONNRESET", "disconnected"],
    ["ETIMEDOUT", "timeout"],
    ["E_WHATEVER", "other"],
  ])("with the code %s has the reason %s", (code, reason) => {
    expect(asLingpaiError(Object.assign(new Error(canary), { code }), "test")).toMatchObject({
      reason,
      retryable: true,
    });
  });

  test.each([
    undefined,
    null,
    canary,
    { message: canary },
    Object.assign(new Error(canary), { name: `${canary} ` }),
  ])("of an unknown form has the reason other: %#", (thrown) =>
    expect(asLingpaiError(thrown, "test").message).toContain("failed: unknown error."),
  );

  test("is passed on unchanged if it is Lingpai's own, even from another copy of this package", () => {
    const own = new UnreadableEntryError("k", "type", "Another type.");
    expect(asLingpaiError(own, "test")).toBe(own);
    const foreign = Object.assign(new Error("of another copy"), {
      code: "UNREADABLE_ENTRY",
      retryable: false,
    });
    expect(asLingpaiError(foreign, "test")).toBe(foreign);
    expect(
      asLingpaiError(Object.assign(new Error(canary), { code: "CLOSED" }), "test"),
    ).toBeInstanceOf(CacheUnavailableError);
  });
});
