/**
 * A process dies at every single step of a tenant's refresh: before and after each command to the
 * store, and with each of its requests to the platform lost on the way there or back. The next
 * process always goes on, and the platform never sees a replaced refresh token after its grace
 * period.
 */
import { memoryCache, memoryLock } from "@lingpai/adapter-memory";
import { faultPlan, faultyCache, faultyLock } from "@lingpai/core/testing";
import type { Fault, FaultyCall } from "@lingpai/core/testing";
import { describe, expect, test } from "vitest";
import type { OpenPlatform } from "./open-platform.ts";
import type { Fetch } from "../transport/fetch.ts";
import { endpoint, platformWorld, tenantAppId } from "./platform-world.fixture.ts";
import type { PlatformWorld, Sent } from "./platform-world.fixture.ts";

type Death = "before" | "after";

interface Doomed {
  readonly node: OpenPlatform;
  /** The number of steps taken. The process dies at the chosen step, if it gets there. */
  steps(): number;
  /** Counts steps from now on. */
  arm(): void;
}

/**
 * A process that dies at its `step`th command or request. After that, nothing of it reaches the
 * store or the platform, and nothing reaches it.
 */
function doomed(
  world: PlatformWorld,
  step: number,
  death: Death,
  settings: { readonly refreshGraceMs: number },
): Doomed {
  const { clock, simulator, store } = world;
  let steps = 0;
  let isArmed = false;
  let isDead = false;
  const fate = (): "lives" | Death => {
    if (isDead) return "before";
    if (!isArmed) return "lives";
    steps += 1;
    if (steps !== step) return "lives";
    isDead = true;
    return death;
  };
  const decide = (_call: FaultyCall): Fault | undefined => {
    const verdict = fate();
    return verdict === "lives" ? undefined : `hang-${verdict}`;
  };
  const plan = faultPlan({ clock, decide });
  const reach = simulator.fetchAs({ caller: "doomed" });
  const never = new Promise<Response>(() => {});
  const fetch: Fetch = async (input, init) => {
    const verdict = fate();
    if (verdict === "before") return never;
    const answer = await reach(input, init);
    return verdict === "after" || isDead ? never : answer;
  };
  const cache = faultyCache(memoryCache(store, { clock }), plan);
  const lock = faultyLock(memoryLock(store, { clock }), plan);
  return {
    node: world.node("doomed", { fetch, cache, lock, ...settings }),
    steps: () => steps,
    arm: () => void (isArmed = true),
  };
}

/**
 * Each refresh token is sent again only within `graceMs` of its first use, or after the platform
 * has returned it.
 */
function expectNoBurntToken(
  { simulator }: PlatformWorld,
  sent: readonly Sent[],
  graceMs: number,
): void {
  const named = simulator.log
    .entries({ endpoint: endpoint("api_get_authorizer_info"), ok: true })
    .map(({ atMs }) => atMs);
  for (const [index, { refreshToken, atMs }] of sent.entries()) {
    const before = sent.slice(0, index).filter((each) => each.refreshToken === refreshToken);
    const first = before[0];
    if (first === undefined || atMs - first.atMs < graceMs) continue;
    const last = before.at(-1)?.atMs ?? 0;
    expect(
      named.some((namedAtMs) => namedAtMs > last && namedAtMs <= atMs),
      `${refreshToken.slice(0, 3)}… left again at ${atMs}`,
    ).toBe(true);
  }
}

const rotations = ["never", "on-reauthorise", "always"] as const;
const refreshGraces = [0, 300_000];
const deaths: Death[] = ["before", "after"];

describe.each(rotations)("with refresh tokens that rotate %s", (rotateRefreshToken) => {
  describe.each(refreshGraces)("and a grace of %d ms", (refreshGraceMs) => {
    const settings = { refreshGraceMs };

    test.each(deaths)(
      "a process that dies %s any step of a refresh loses nothing",
      async (death) => {
        let step = 0;
        let reached = 0;
        for (;;) {
          step += 1;
          const world = platformWorld({ rotateRefreshToken, refreshGraceMs });
          const { clock, during, simulator, sent } = world;
          const victim = doomed(world, step, death, settings);
          await world.authorise(victim.node);
          victim.arm();
          const refreshed = victim.node.tenant(tenantAppId).credential.refresh();
          refreshed.catch(() => undefined);
          await clock.advance(1_000);
          if (victim.steps() < step) break;
          reached += 1;

          const heir = world.node("heir", settings);
          for (const pauseMs of [0, 20_000, 280_000, 7_200_000]) {
            await clock.advance(pauseMs);
            await world.pushTo(heir);
            const answer = await during(
              heir.tenant(tenantAppId).request("/cgi-bin/user/info", { query: { openid: "o" } }),
            );
            expect(answer, `died ${death} step ${step}`).toMatchObject({ openid: "o" });
            await during(heir.tenant(tenantAppId).credential.refresh());
          }
          expect(
            simulator.log.entries({ endpoint: endpoint("api_authorizer_token"), code: 61023 }),
            `died ${death} step ${step}`,
          ).toEqual([]);
          if (rotateRefreshToken === "always") expectNoBurntToken(world, sent, refreshGraceMs);
          await heir.close();
        }
        // At least a lease, the document, the intent, the request, the commit and the release.
        expect(reached).toBeGreaterThanOrEqual(6);
      },
    );
  });

  test.each(deaths)(
    "a process that dies %s any step of an authorisation loses no tenant",
    async (death) => {
      let step = 0;
      let reached = 0;
      for (;;) {
        step += 1;
        const world = platformWorld({ rotateRefreshToken });
        const { clock, during, simulator } = world;
        const victim = doomed(world, step, death, { refreshGraceMs: 300_000 });
        await world.pushTo(victim.node);
        await during(victim.node.credential.get());
        const { code } = simulator.openPlatform.authorize("wxc0ffee0123456789", tenantAppId);
        victim.arm();
        victim.node.authorize(code).catch(() => undefined);
        await clock.advance(1_000);
        if (victim.steps() < step) break;
        reached += 1;
        const heir = world.node("heir");
        const answer = await during(
          heir.tenant(tenantAppId).request("/cgi-bin/user/info", { query: { openid: "o" } }),
        );
        expect(answer, `died ${death} step ${step}`).toMatchObject({ openid: "o" });
        await heir.close();
      }
      expect(reached).toBeGreaterThanOrEqual(3);
    },
  );
});

test.each(deaths)(
  "two processes that die in succession, each %s any of its steps, lose nothing and invalidate nothing",
  { timeout: 240_000 },
  async (death) => {
    const settings = { refreshGraceMs: 0 };
    const pairs: string[] = [];
    const play = async (first: number, second: number): Promise<"neither" | "first" | "both"> => {
      const world = platformWorld({ rotateRefreshToken: "always", refreshGraceMs: 0 });
      const { clock, during, simulator, sent } = world;
      const victims = [
        doomed(world, first, death, settings),
        doomed(world, second, death, settings),
      ] as const;
      await world.authorise(victims[0].node);
      for (const [index, victim] of victims.entries()) {
        victim.arm();
        victim.node
          .tenant(tenantAppId)
          .credential.refresh()
          .catch(() => undefined);
        await clock.advance(40_000);
        const reached = victim.steps() >= (index === 0 ? first : second);
        if (!reached) return index === 0 ? "neither" : "first";
      }
      const heir = world.node("heir", settings);
      const answer = await during(
        heir.tenant(tenantAppId).request("/cgi-bin/user/info", { query: { openid: "o" } }),
      );
      expect(answer, `died ${death} steps ${first} and ${second}`).toMatchObject({ openid: "o" });
      await during(heir.tenant(tenantAppId).credential.refresh());
      expect(
        simulator.log.entries({ endpoint: endpoint("api_authorizer_token"), code: 61023 }),
        `died ${death} steps ${first} and ${second}`,
      ).toEqual([]);
      expectNoBurntToken(world, sent, 0);
      pairs.push(`${first} ${second}`);
      await heir.close();
      return "both";
    };
    for (let first = 1; ; first += 1) {
      let second = 1;
      let outcome = await play(first, second);
      for (; outcome === "both"; second += 1) outcome = await play(first, second + 1);
      if (outcome === "neither") break;
    }
    expect(pairs.length).toBeGreaterThan(50);
  },
);

describe.each(deaths)("a process that dies %s any step of a component token's refresh", (death) => {
  test.each([0, 300_000])(
    "lets the fleet continue, with an overlap of %d ms",
    async (overlapMs) => {
      let step = 0;
      for (;;) {
        step += 1;
        const world = platformWorld({}, { overlapMs });
        const { clock, during, simulator } = world;
        const victim = doomed(world, step, death, { refreshGraceMs: 300_000 });
        await world.pushTo(victim.node);
        await during(victim.node.credential.get());
        victim.arm();
        victim.node.credential.refresh().catch(() => undefined);
        await clock.advance(1_000);
        if (victim.steps() < step) break;
        const heir = world.node("heir");
        await expect(
          during(heir.preAuthCode()),
          `died ${death} step ${step}`,
        ).resolves.toHaveProperty("code");
        await heir.close();
        expect(
          simulator.log.fetches("wxc0ffee0123456789", endpoint("api_component_token")).length,
        ).toBeLessThanOrEqual(4);
      }
      expect(step).toBeGreaterThan(6);
    },
  );
});
