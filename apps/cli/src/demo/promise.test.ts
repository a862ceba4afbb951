import { describe, expect, it } from "vitest";
import { isAsPromised } from "./promise.ts";

describe("the demo's verdict", () => {
  const row = { contender: "lingpai plain", failed: 0, fetches: 1, promisedFetches: 1 } as const;

  it("accepts the promised figures, whatever the reference does", () => {
    expect(isAsPromised(row)).toBe(true);
    expect(
      isAsPromised({ ...row, contender: "cache per environment", failed: 99, fetches: 7 }),
    ).toBe(true);
  });

  it("refuses a lost call, a surplus fetch, and a missing one", () => {
    expect(isAsPromised({ ...row, failed: 1 })).toBe(false);
    expect(isAsPromised({ ...row, fetches: 2 })).toBe(false);
    expect(isAsPromised({ ...row, fetches: 0 })).toBe(false);
  });
});
