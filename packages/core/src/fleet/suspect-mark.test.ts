import { describe, expect, it } from "vitest";
import { markSuspect } from "./suspect-mark.ts";
import type { FleetDocument } from "./document.ts";
import { CacheUnavailableError } from "../errors.ts";

const mark = { fingerprint: "x", found: "dead" } as const;

/** A mark only calls apply. */
const documentOf = (apply: (...given: unknown[]) => Promise<unknown>): FleetDocument =>
  ({ apply }) as never;

describe("a mark of suspicion", () => {
  it("is applied to the document as it was read", async () => {
    const given: unknown[] = [];
    const options = { from: { state: undefined, version: "absent" } } as const;
    const applied = await markSuspect(
      documentOf(async (...each) => (given.push(...each), "applied")),
      mark,
      options,
    );
    expect(applied).toBe("applied");
    expect(given).toEqual([{ type: "suspect", ...mark }, options]);
  });

  it("may be refused by the store", async () => {
    const gone = documentOf(() => Promise.reject(new CacheUnavailableError("readonly")));
    expect(await markSuspect(gone, mark)).toBeUndefined();
    const broken = documentOf(() => Promise.reject(new TypeError("broken")));
    await expect(markSuspect(broken, mark)).rejects.toThrow("broken");
  });
});
