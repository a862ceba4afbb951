import { describe, expect, it } from "vitest";
import { releaseClaim, type OnConflict } from "../index.ts";
import { claimsPath } from "../cache/claims-path.ts";
import type { ScriptedIssuerOptions } from "../testing/index.ts";
import { fleet, within, type Fleet, type Node } from "../scenarios/fleet.fixture.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

type Mode = "plain" | "stable";

const policies: Readonly<Record<Mode, NonNullable<ScriptedIssuerOptions["policy"]>>> = {
  plain: { kind: "supersede", overlapMs: 300_000 },
  stable: { kind: "stable", renewWithinMs: 300_000 },
};

/** Every pair of settings, in both orders. */
const pairs = (["plain", "stable"] as const).flatMap((mode) => {
  const settings: readonly OnConflict[] =
    mode === "plain" ? ["error", "warn", "consume"] : ["error", "warn", "consume", "coexist"];
  return settings.flatMap((first) => settings.map((second) => ({ mode, first, second })));
});

const refusal = { code: "CREDENTIAL_CONFLICT" };

/** A call of a live environment, whatever its outcome. */
async function called({ clock }: Fleet, node: Node): Promise<unknown> {
  return within(clock, 30_000, node.get()).catch((error: unknown) => error);
}

async function claimsView({
  cache,
  platform,
}: Fleet): Promise<{ v: number; claims: Record<string, unknown>[] }> {
  const entry = await cache.at(claimsPath).get(platform.id);
  return entry === undefined
    ? { v: 1, claims: [] }
    : (JSON.parse(entry.value) as { v: number; claims: Record<string, unknown>[] });
}

describe("an environment that claimed first", () => {
  it.each(pairs)(
    "is never refused or made a consumer by a later one: $mode, $first before $second",
    async ({ mode, first, second }) => {
      const world = fleet({ policy: policies[mode], latencyMs: 10 });
      const { clock } = world;
      const production = (): Node => world.node({ onConflict: first });
      const staging = (): Node => world.node({ environment: "staging", onConflict: second });
      let [one, two] = [production(), staging()];
      const events: string[] = [];
      /** Both are called through two lifetimes of the credential. */
      const live = async (): Promise<void> => {
        for (let hours = 0; hours < 3; hours += 1) {
          expect(await called(world, one)).not.toMatchObject(refusal);
          expect(one.status().role).toBe("owner");
          await called(world, two);
          await clock.advance(hourMs);
        }
      };
      await called(world, one);
      // Each renews its claim and checks the registry.
      await live();
      await one.close();
      one = production();
      await live();
      events.push(...one.typesOf());
      await Promise.all([one.close(), two.close()]);
      // It returns after a day, and the later environment was there meanwhile.
      two = staging();
      await called(world, two);
      await clock.advance(dayMs);
      one = production();
      await live();
      const isLaterClaimed = second === "warn" || second === "coexist";
      expect(one.typesOf().includes("claim-conflicted")).toBe(
        first !== "coexist" && isLaterClaimed,
      );
      expect(
        one.events.filter(({ type }) => type === "claim-conflicted").map((event) => ({ ...event })),
      ).toEqual(
        first !== "coexist" && isLaterClaimed
          ? [expect.objectContaining({ claimedBy: "staging", action: "keep" })]
          : [],
      );
      expect(two.status().role).toBe(second === "consume" ? "consumer" : "owner");
      await Promise.all([one.close(), two.close()]);
    },
  );

  it.each(["error", "consume"] as const)(
    "stays first if the registry is lost and a later one writes there first: %s",
    async (onConflict) => {
      const world = fleet();
      const { cache, clock, node, platform } = world;
      const [one, two] = [
        node({ onConflict }),
        node({ environment: "staging", onConflict: "warn" }),
      ];
      await called(world, one);
      await called(world, two);
      await cache.at(claimsPath).delete(platform.id);
      await clock.advance(2 * hourMs);
      await within(clock, 5_000, two.refresh());
      await clock.advance(2 * hourMs);
      expect(await within(clock, 5_000, one.refresh())).not.toMatchObject(refusal);
      expect(one.status().role).toBe("owner");
    },
  );

  it("is not stopped by continuous writes of others to the registry", async () => {
    const world = fleet();
    const { cache, clock, node, platform } = world;
    const one = node();
    await called(world, one);
    await clock.advance(13 * hourMs);
    const registry = cache.at(claimsPath);
    // Another process writes between each read and write.
    const contested = new Proxy(world.store.cache(), {
      get: (target, name) =>
        name === "at"
          ? (path: readonly string[]) => contestedView(target.at(path))
          : bound(target, name),
    });
    const contestedView = (view: typeof registry): typeof registry =>
      new Proxy(view, {
        get: (target, name) =>
          name === "set"
            ? async (...args: Parameters<typeof registry.set>) => {
                const entry = await registry.get(platform.id);
                if (entry !== undefined) await registry.set(platform.id, entry.value);
                return target.set(...args);
              }
            : bound(target, name),
      });
    const other = node({ cache: contested });
    expect(await within(clock, 30_000, other.refresh())).not.toMatchObject(refusal);
    expect(platform.issues.at(-1)).toMatchObject({ reason: "manual", outcome: "ok" });
  });
});

function bound<T extends object>(target: T, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === "function" ? value.bind(target) : value;
}

describe("an environment that came later", () => {
  it("is refused with the name of the first while the claim of the first holds", async () => {
    const world = fleet();
    const { clock, node, platform } = world;
    await called(world, node());
    const later = node({ environment: "staging" });
    await clock.advance(hourMs);
    expect(await called(world, later)).toMatchObject({
      code: "CREDENTIAL_CONFLICT",
      claimedBy: "production",
    });
    expect(platform.issues).toHaveLength(1);
  });

  it.each(["error", "consume"] as const)(
    "does not fetch a stable token if the store refuses its writes, or has been unreachable since: %s",
    async (onConflict) => {
      const world = fleet({ policy: policies.stable });
      const { clock, node, platform } = world;
      const one = node({ onConflict: "warn" });
      await called(world, one);
      const later = node({ environment: "staging", onConflict });
      later.faults.refusesWrites = "readonly";
      const refused = onConflict === "error" ? refusal : { fingerprint: one.peek()?.fingerprint };
      expect(await called(world, later)).toMatchObject(refused);
      later.faults.unreachable = true;
      await clock.advance(3 * hourMs);
      await called(world, later);
      expect(platform.issues.filter(({ reason }) => reason === "cold")).toHaveLength(1);
      await called(world, one);
      later.faults.unreachable = false;
      expect(await called(world, later)).toMatchObject(
        onConflict === "error" ? refusal : { fingerprint: one.peek()?.fingerprint },
      );
    },
  );

  it("fetches a stable token while the store refuses writes, unless another one was first", async () => {
    const world = fleet({ policy: policies.stable });
    const { node, platform } = world;
    const [first, blind] = [
      node({ onConflict: "error" }),
      node({ environment: "staging", onConflict: "error" }),
    ];
    first.faults.refusesWrites = "readonly";
    expect(await called(world, first)).not.toMatchObject(refusal);
    blind.faults.unreachable = true;
    expect(await called(world, blind)).not.toMatchObject(refusal);
    expect(platform.issues).toHaveLength(2);
  });

  it("becomes the owner within ten minutes after the first has released its claim", async () => {
    const world = fleet();
    const { cache, clock, node, platform } = world;
    const one = node();
    await called(world, one);
    const two = node({ environment: "staging", onConflict: "consume" });
    await called(world, two);
    await one.close();
    await clock.advance(3 * hourMs);
    expect(await called(world, two)).toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      message: expect.stringMatching(
        /consumes the environment "production", which stored the last one by node node-1.*releaseClaim/,
      ),
    });
    expect(two.status().role).toBe("consumer");
    await releaseClaim(cache, platform.id, "production");
    const secret = await within(clock, 600_000, two.get());
    expect(platform.alive(secret)).toBe(true);
    expect(two.status().role).toBe("owner");
    expect((await claimsView(world)).claims).toMatchObject([{ environment: "staging" }]);
    // From now on it is the first.
    expect(await called(world, node())).toMatchObject({
      code: "CREDENTIAL_CONFLICT",
      claimedBy: "staging",
    });
  });

  it("becomes the owner when the claim of the first has expired", async () => {
    const world = fleet();
    const { clock, node, platform } = world;
    const one = node();
    await called(world, one);
    const two = node({ environment: "staging", onConflict: "consume" });
    await called(world, two);
    await one.close();
    await clock.advance(2 * dayMs);
    expect(platform.alive(await within(clock, 600_000, two.get()))).toBe(true);
    expect(two.status().role).toBe("owner");
  });

  it("reads, as a consumer, from the environment that is now the first", async () => {
    const world = fleet();
    const { cache, clock, node, platform } = world;
    const [one, two] = [node(), node({ environment: "staging", onConflict: "warn" })];
    await called(world, one);
    await called(world, two);
    const three = node({ environment: "test", onConflict: "consume" });
    await called(world, three);
    await one.close();
    await releaseClaim(cache, platform.id, "production");
    await clock.advance(3 * hourMs);
    await called(world, two);
    expect(await within(clock, 60_000, three.get())).toMatchObject({
      fingerprint: two.peek()?.fingerprint,
    });
    expect(three.status().role).toBe("consumer");
  });
});

describe("a claim", () => {
  it.each([
    ["reading", "get", [undefined, "hang-before"]],
    ["writing", "set", ["hang-before"]],
    ["writing", "set", ["hang-after"]],
  ] as const)(
    "whose %s is never answered only delays the fetch (%s: %j)",
    async (_act, operation, faults) => {
      const { clock, node, platform } = fleet();
      const one = node();
      one.faults.next(operation, ...faults);
      expect((await within(clock, 2_000, one.get())).reveal()).toBe(platform.latest);
      await within(clock, 1_000, one.close());
      expect(clock.pendingTimers).toBe(0);
    },
  );

  it.each([
    { name: "as its issuer says", lifetimeMs: 90 * dayMs, expiresInMs: 90 * dayMs },
    {
      name: "although its issuer does not say so",
      lifetimeMs: 2 * hourMs,
      expiresInMs: 90 * dayMs,
    },
  ])(
    "stays valid as long as a credential that lives 90 days, $name",
    async ({ lifetimeMs, expiresInMs }) => {
      const world = fleet({ lifetimeMs });
      const { clock, node, platform } = world;
      platform.script({ expiresInMs });
      const one = node();
      await called(world, one);
      await one.close();
      await clock.advance(80 * dayMs);
      expect(await called(world, node({ environment: "staging" }))).toMatchObject({
        code: "CREDENTIAL_CONFLICT",
      });
      expect(platform.issues).toHaveLength(1);
      await clock.advance(13 * dayMs);
      expect(await called(world, node({ environment: "staging" }))).not.toMatchObject(refusal);
    },
  );

  it.each([
    [
      "one malformed claim",
      (claims: unknown[]) =>
        JSON.stringify({ v: 1, claims: [...claims, { environment: "x\n", renewedMs: 1 }] }),
    ],
    [
      "one that says nothing",
      (claims: unknown[]) => JSON.stringify({ v: 1, claims: [null, ...claims] }),
    ],
    ["no registry at all", () => "garbage"],
  ])(
    "does not stop its environment from refreshing if the registry holds %s",
    async (_name, spoil) => {
      const world = fleet();
      const { cache, clock, node, platform } = world;
      const one = node();
      await called(world, one);
      const registry = await claimsView(world);
      await cache.at(claimsPath).set(platform.id, spoil(registry.claims), { ttlMs: 4 * dayMs });
      await clock.advance(3 * hourMs);
      await one.close();
      const again = node();
      expect((await within(clock, 5_000, again.refresh())).reveal()).toBe(platform.latest);
      expect(again.typesOf()).toContain("unreadable");
      // A newcomer cannot know whose claim that was, until it has disappeared.
      const newcomer = node({ environment: "staging" });
      expect(await called(world, newcomer)).toMatchObject({
        code: expect.stringMatching(/UNREADABLE_ENTRY|CREDENTIAL_CONFLICT/),
      });
      for (let hours = 0; hours < 5 * 24; hours += 1) {
        await clock.advance(hourMs);
        if (hours % 12 === 0) expect(await called(world, again)).not.toMatchObject(refusal);
      }
      expect((await claimsView(world)).claims).toMatchObject([{ environment: "production" }]);
    },
  );

  it("is released for the environment under one prefix only, not for another one with the same name", async () => {
    const world = fleet();
    const { cache, clock, node, platform, store } = world;
    await within(clock, 2_000, node().get());
    const elsewhere = node({
      cache: store.cache().withPrefix("team"),
      lock: store.lock().withPrefix("team"),
      onConflict: "warn",
    });
    await within(clock, 2_000, elsewhere.get());
    expect(await releaseClaim(cache.withPrefix("other"), platform.id, "production")).toBe(false);
    expect(await releaseClaim(cache.withPrefix("team"), platform.id, "production")).toBe(true);
    expect((await claimsView(world)).claims).toMatchObject([
      { environment: "production", path: ["production"] },
    ]);
    expect(await releaseClaim(cache, platform.id, "production")).toBe(true);
    expect(await releaseClaim(cache, platform.id, "production")).toBe(false);
  });
});
