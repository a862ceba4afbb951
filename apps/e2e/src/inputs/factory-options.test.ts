import type * as core from "@lingpai/core";
import { describe, expect, it } from "vitest";
import type { Make } from "./factories.fixture.ts";
import {
  all,
  factories,
  functions,
  others,
  refusalOf,
  withoutOptions,
} from "./factories.fixture.ts";

describe("every factory", () => {
  it("is in this table", () => {
    expect(
      functions.map(([name]) => name).filter((name) => !(name in factories) && !others.test(name)),
    ).toEqual([]);
  });

  describe.each(Object.keys(factories))("%s", (name) => {
    const make = all[name] as Make;

    it.each([undefined, null, "text", 42, {}, []])(
      "given %j throws only a Lingpai error",
      async (first) => {
        const refusal = await refusalOf(make, [first]);
        const code = refusal === undefined ? "none" : (refusal as core.LingpaiError).code;
        expect(["none", "CONFIGURATION", "LOCK_UNSUPPORTED"], String(refusal)).toContain(code);
      },
    );
  });

  it.each(Object.keys(factories).filter((name) => (factories[name]?.length ?? 0) > 1))(
    "%s refuses a wrong argument at each place",
    async (name) => {
      const valid = factories[name] ?? [];
      for (const place of valid.keys())
        for (const wrong of [null, 42, true]) {
          const refusal = await refusalOf(all[name] as Make, valid.with(place, wrong));
          const is = `${String(wrong)} as argument ${place + 1}: ${String(refusal)}`;
          expect((refusal as core.LingpaiError | undefined)?.code, is).toBe("CONFIGURATION");
        }
    },
  );

  it.each(Object.keys(factories).filter((name) => !withoutOptions.has(name)))(
    "%s refuses an unknown option and lists the known ones",
    async (name) => {
      const valid = factories[name] ?? [];
      const refusal = await refusalOf(all[name] as Make, [
        ...valid.slice(0, -1),
        { ...(valid.at(-1) as object), waitMS: 1 },
      ]);
      expect(refusal).toMatchObject({
        code: "CONFIGURATION",
        message: expect.stringMatching(/has no "waitMS"\. There are: /),
      });
    },
  );
});
