import { describe, expect, it } from "vitest";
import { claimsView, environmentView, sharedSettings } from "./shared-per-store.ts";
import { claimsPath } from "../cache/claims-path.ts";
import { manualClock, seededRandom, simulatedStore } from "../testing/index.ts";

const store = () => simulatedStore({ clock: manualClock(), random: seededRandom("shared") });

describe("the objects that the credentials of one store share", () => {
  it("include one view of each environment's cache and lock", () => {
    const { cache, lock } = { cache: store().cache(), lock: store().lock() };
    const view = environmentView(cache, "one");
    expect(view.path).toEqual([...cache.path, "one"]);
    expect(environmentView(cache, "one")).toBe(view);
    expect(environmentView(cache, "two")).not.toBe(view);
    expect(environmentView(cache, "two").path).toEqual([...cache.path, "two"]);
    expect(environmentView(store().cache(), "one")).not.toBe(view);
    expect(environmentView(lock, "one")).toBe(environmentView(lock, "one"));
  });

  it("include one view of the claims, outside every environment", () => {
    const cache = store().cache();
    const view = claimsView(cache);
    expect(view.path).toEqual(claimsPath);
    expect(claimsView(cache)).toBe(view);
    expect(claimsView(store().cache())).not.toBe(view);
  });

  it("include one object for equal settings, of at most 256 different ones", () => {
    const cache = store().cache();
    const first = { n: 0 };
    expect(sharedSettings(cache, first)).toBe(first);
    expect(sharedSettings(cache, { n: 0 })).toBe(first);
    expect(sharedSettings(store().cache(), { n: 0 })).not.toBe(first);
    for (let n = 1; n < 256; n += 1) sharedSettings(cache, { n });
    const [known, unknown] = [{ n: 255 }, { n: 256 }];
    expect(sharedSettings(cache, known)).not.toBe(known);
    expect(sharedSettings(cache, unknown)).toBe(unknown);
    expect(sharedSettings(cache, { n: 256 })).not.toBe(unknown);
    expect(sharedSettings(cache, { n: 0 })).toBe(first);
  });
});
