/** Which nodes fetch while the store is unreachable, and how the others wait for it. */
import { describe, expect, it } from "vitest";
import { claimsPath } from "../cache/claims-path.ts";
import { CacheUnavailableError } from "../errors.ts";
import type { IssuePolicy } from "../issuer.ts";
import type { Goal } from "../fleet/local-copy.ts";
import { fleet, within, type Fleet } from "../scenarios/fleet.fixture.ts";
import { assembled, pausesAfterUnsent } from "../scenarios/node.fixture.ts";
import type { CredentialOptions } from "../credential.ts";
import { Secret } from "../secret.ts";

const cold: Goal = { reason: "cold" };
const stable: IssuePolicy = { kind: "stable", renewWithinMs: 300_000 };
const sliding: IssuePolicy = { kind: "sliding" };
const supersede: IssuePolicy = { kind: "supersede", overlapMs: 300_000 };
const rotate: IssuePolicy = { kind: "rotate", overlapMs: 300_000 };

function away(world: Fleet, options: Partial<CredentialOptions> = {}) {
  const node = assembled(world, options);
  node.faults.unreachable = true;
  return node;
}

describe("without its store", () => {
  it.each([
    { policy: stable, fetches: true },
    { policy: sliding, fetches: true },
    { policy: supersede, fetches: false },
    { policy: stable, standalone: "never", fetches: false },
    { policy: supersede, standalone: "never", fetches: false },
    { policy: supersede, standalone: "always", fetches: true },
    // Its input is in the store.
    { policy: rotate, standalone: "always", fetches: false },
    { policy: stable, role: "consumer", fetches: false },
    { policy: supersede, standalone: "always", role: "consumer", fetches: false },
  ] as const)(
    "a node fetches if that is harmless, or if it is configured to: $policy.kind, $standalone, $role: $fetches",
    async ({ policy, fetches, ...options }) => {
      const world = fleet({ policy, latencyMs: 0 });
      const { assembly, refresh } = away(world, options);
      const work = within(world.clock, 10, refresh(cold, false));
      if (fetches) await work;
      else await expect(work).rejects.toMatchObject({ reason: "store" });
      expect(world.platform.issues).toHaveLength(fetches ? 1 : 0);
      expect(assembly.local.isUsable).toBe(fetches);
    },
  );

  it("a node that may not fetch retries soon, and less often the longer the store is unreachable", async () => {
    const world = fleet();
    const { blocks, refresh } = away(world);
    await expect(within(world.clock, 21_000, refresh(cold))).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      reason: "store",
      cause: { code: "CACHE_UNAVAILABLE" },
    });
    let passedMs = 0;
    for (const block of blocks) {
      const leastMs = Math.min(800, Math.max(100, passedMs / 8));
      expect(block).toMatchObject({ kind: "pause", why: "store" });
      expect(block.ms).toBeGreaterThanOrEqual(leastMs);
      expect(block.ms).toBeLessThan(1.5 * leastMs);
      passedMs += Math.ceil(block.ms);
    }
    // Not all nodes retry at once.
    expect(new Set(blocks.map(({ ms }) => ms / 100)).size).toBeGreaterThan(20);
    expect(Math.max(...blocks.map(({ ms }) => ms))).toBeGreaterThan(1_000);
    expect(passedMs).toBeGreaterThanOrEqual(20_000);
  });

  it("a node without a right to the store does not wait, because a person must grant it", async () => {
    const world = fleet();
    const error = new CacheUnavailableError("no right to read", { retryable: false });
    const { blocks, assembly, refresh } = assembled(world);
    assembly.source.read = () => Promise.reject(error);
    await expect(within(world.clock, 10, refresh(cold))).rejects.toMatchObject({
      reason: "store",
      cause: error,
    });
    expect(blocks).toEqual([]);
  });

  it("a node that was refused permanently does not ask the platform again", async () => {
    const world = fleet({ policy: stable, latencyMs: 0 });
    world.platform.script({ outcome: "fatal", platformCode: "40125" });
    const { refresh } = away(world);
    for (let calls = 0; calls < 2; calls += 1)
      await expect(within(world.clock, 10, refresh(cold))).rejects.toMatchObject({
        reason: "refused",
        cause: { platformCode: "40125" },
      });
    expect(world.platform.issues).toHaveLength(1);
  });

  it("a node whose own network is down waits a second, and longer each time", async () => {
    const world = fleet({ policy: stable, latencyMs: 0 });
    world.platform.script("unsent", "unsent", "unsent", "ok", "unsent");
    const { assembly, refresh } = away(world);
    await within(world.clock, 20_000, refresh(cold));
    const replaces = assembly.local.cached?.stored.commitId;
    await within(world.clock, 20_000, refresh({ reason: "expired", replaces }));
    expect(pausesAfterUnsent(world)).toEqual([1, 2, 4, 1]);
  });

  it("a node waits as long as the platform asked", async () => {
    const world = fleet({ policy: stable, latencyMs: 0 });
    world.platform.script({ outcome: "busy", retryAfterMs: 600_000 });
    const { refresh } = away(world);
    for (let calls = 0; calls < 3; calls += 1)
      await expect(within(world.clock, 1_000, refresh(cold))).rejects.toMatchObject({
        reason: "back-off",
      });
    expect(world.platform.issues).toHaveLength(1);
  });

  it("a node uses its parent's credential for the request, and has a refused one replaced", async () => {
    const world = fleet({ policy: stable, latencyMs: 0 });
    const secrets = ["old", "new"].map((name) => new Secret(name, name));
    const asked: (string | undefined)[] = [];
    const told: string[] = [];
    let present = 0;
    const { refresh } = away(world, {
      issuer: {
        ...world.platform,
        issue: async (request) => {
          asked.push(request.parent?.reveal());
          return world.platform.issue(request);
        },
      },
      parent: {
        get: async () => secrets[present]!,
        reject: async (refused) => {
          told.push(typeof refused === "string" ? refused : refused.reveal());
          present = 1;
          return { replaced: true, secret: secrets[present]! };
        },
      },
    });
    world.platform.script("parent");
    await within(world.clock, 1_000, refresh(cold));
    expect(asked).toEqual(["old", "new"]);
    expect(told).toEqual(["old"]);
  });

  it("a credential that a node fetched is stored as soon as the store is back, without waiting for the next read", async () => {
    const world = fleet({ policy: stable, latencyMs: 200 });
    const { faults, assembly, refresh } = assembled(world);
    await within(world.clock, 1_000, refresh(cold));
    await world.clock.advance(3 * 3_600_000);
    faults.unreachable = true;
    const work = refresh(cold);
    await world.clock.advance(100);
    faults.unreachable = false;
    // Another operation finds that out.
    await assembly.source.document.read();
    await within(world.clock, 200, work);
    expect((await world.document())?.credential?.secret).toBe(world.platform.latest);
  });

  it("a node that has fetched sends no commands to a store that is still unreachable", async () => {
    const world = fleet({ policy: stable, latencyMs: 200 });
    const { faults, refresh } = away(world);
    const work = refresh(cold);
    await world.clock.advance(100);
    const before = faults.calls();
    await within(world.clock, 200, work);
    expect(faults.calls()).toBe(before);
  });
});

describe("a node whose store refuses writes", () => {
  it("continues to yield to another environment, and fetches nothing", async () => {
    const world = fleet({ policy: supersede, latencyMs: 0 });
    await within(world.clock, 1_000, assembled(world, { node: "node-1" }).refresh(cold));
    const options = {
      environment: "staging",
      onConflict: "consume",
      standalone: "always",
    } as const;
    const { faults, assembly, refresh } = assembled(world, options);
    faults.refusesWrites = "readonly";
    await within(world.clock, 1_000, refresh(cold));
    expect(assembly.source.role).toBe("consumer");
    expect(assembly.local.cached?.secret.reveal()).toBe(world.platform.latest);
    expect(world.platform.issues).toHaveLength(1);
  });

  it.each([false, true])(
    "claims that it cannot read stop a node only if its environment has no credential yet: %s",
    async (isEstablished) => {
      const world = fleet({ policy: supersede, latencyMs: 0 });
      const { faults, assembly, refresh } = assembled(world, { standalone: "always" });
      if (isEstablished) {
        await within(world.clock, 1_000, refresh(cold));
        await world.clock.advance(3 * 3_600_000);
      }
      await world.cache.at(claimsPath).set(world.platform.id, "no registry");
      faults.refusesWrites = "readonly";
      const work = within(world.clock, 1_000, refresh(cold, false));
      if (isEstablished) await work;
      else await expect(work).rejects.toMatchObject({ code: "UNREADABLE_ENTRY" });
      expect(assembly.local.isUsable).toBe(isEstablished);
    },
  );
});
