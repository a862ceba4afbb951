import { describe, expect, it } from "vitest";
import { fleet, within } from "./fleet.fixture.ts";
import { laterFields, laterSchema } from "./newer-release.fixture.ts";

describe("two releases in one store", () => {
  it("with one schema share a credential for a day, and the older one loses no field that only the later one knows", async () => {
    const { clock, document, node, platform, store } = fleet();
    const lost = new Set<string>();
    const older = node();
    const later = node({ cache: laterFields(store.cache(), (path) => lost.add(path)) });
    await within(clock, 5_000, later.get());
    // An operator's budget is in the document from here on.
    await within(clock, 5_000, later.refresh());
    await within(clock, 5_000, older.get());
    expect(older.events).toContainEqual(
      expect.objectContaining({ type: "adopted", reason: "handover" }),
    );
    // Each replaces the other's stored credential, and each reports it as refused once.
    for (const one of [older, later, older, older, later]) {
      await clock.advance(3 * 3_600_000);
      lost.clear();
      await within(clock, 40_000, one.refresh());
      await within(clock, 60_000, one.reject(await one.get()));
      // A new intent or credential has no unknown fields.
      const replaced = ["intent", "credential", "credential.by", "previous", "suspect", "failure"];
      expect([...lost].filter((path) => !replaced.includes(path))).toEqual([]);
      expect(await document()).toMatchObject({
        laterField: 1,
        quota: { laterField: 1, forced: { laterField: 1 } },
        governor: { laterField: 1 },
      });
      expect(await document()).toMatchObject({
        credential: { secret: platform.latest },
        contention: { laterField: 1 },
      });
    }
    expect([...older.typesOf(), ...later.typesOf()]).not.toContain("unreadable");
  });

  it("with two schemas do no harm: the older one fetches nothing until the roll-back", async () => {
    const { cache, clock, node, platform, store } = fleet();
    const later = node({ cache: laterSchema(store.cache(), 2) });
    await within(clock, 5_000, later.get());
    const older = node();
    const error: unknown = await within(clock, 30_000, older.get()).catch(
      (failure: unknown) => failure,
    );
    expect(error).toMatchObject({
      code: "UNREADABLE_ENTRY",
      reason: "schema",
      message: expect.stringContaining("stop every node of the other release, then rename the key"),
    });
    expect(platform.issues).toHaveLength(1);
    await later.close();
    const production = cache.withPrefix("production");
    const { value } = (await production.get(platform.id))!;
    await production.set(`${platform.id}:kept`, value);
    await production.delete(platform.id);
    await clock.advance(60_000);
    expect((await within(clock, 5_000, older.get())).reveal()).toBe(platform.latest);
    expect(platform.issues).toHaveLength(2);
  });
});
