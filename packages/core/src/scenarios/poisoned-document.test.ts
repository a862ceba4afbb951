/**
 * A person with write access to the store can stop the fleet for at most a drain, and cannot make a
 * node forget a request in flight.
 */
import { describe, expect, it } from "vitest";
import type { State } from "../state/state.ts";
import { fleet, within } from "./fleet.fixture.ts";

const year9999Ms = Date.UTC(9999, 0);

describe("an instant in the year 9999 that a person wrote into the document", () => {
  it.each([
    ["inFlightUntilMs", () => ({ inFlightUntilMs: year9999Ms })],
    [
      "intent.atMs",
      ({ credential }) => ({
        intent: { epoch: credential!.epoch + 1, operationId: "x", atMs: year9999Ms },
      }),
    ],
    ["doubtSinceMs", () => ({ doubtSinceMs: year9999Ms })],
  ] satisfies [string, (state: State) => Partial<State>][])(
    "stops no node from refreshing ahead of expiry: %s",
    async (_field, poison) => {
      const { clock, document, node, platform, write } = fleet();
      const one = node();
      await within(clock, 1_000, one.get());
      const state = (await document())!;
      await write({ ...state, ...poison(state) });
      for (let second = 0; second < 7_200; second += 10) {
        await clock.advance(10_000);
        expect(platform.alive(one.peek()!), `after ${second} s`).toBe(true);
      }
      expect(platform.issues.length).toBeGreaterThanOrEqual(2);
      expect(one.typesOf()).toContain("poisoned");
      expect(await document()).not.toHaveProperty("doubtSinceMs");
    },
  );

  it("stops no node from replacing a token that the platform refused", async () => {
    const { clock, document, node, platform, write } = fleet();
    const one = node();
    const dead = await within(clock, 1_000, one.get());
    await clock.advance(60_000);
    await write({ ...(await document())!, budgets: { refusals: year9999Ms, manual: year9999Ms } });
    platform.revoke(dead.reveal());
    const answer = await within(clock, 2_000, one.reject(dead));
    expect(answer.replaced && platform.alive(answer.secret)).toBe(true);
    platform.revoke(platform.latest!);
    expect(platform.alive(await within(clock, 2_000, one.refresh()))).toBe(true);
  });

  it.each([
    ["was announced", 100, ({ intent }) => ({ intent: { ...intent!, atMs: year9999Ms } })],
    ["has an unknown outcome", 8_020, () => ({ inFlightUntilMs: year9999Ms })],
  ] satisfies [string, number, (state: State) => Partial<State>][])(
    "does not let a node send while a request may be in flight that %s",
    async (_what, afterMs, poison) => {
      const { clock, document, node, platform, write } = fleet();
      const [lost, heir] = [node(), node()];
      await within(clock, 1_000, lost.get());
      await within(clock, 1_000, heir.get());
      await clock.advance(600_000);
      platform.script({ requestMs: 14_000 });
      lost.refresh().catch(() => {});
      await clock.advance(afterMs);
      lost.faults.unreachable = true;
      const state = (await document())!;
      await write({ ...state, ...poison(state) });
      heir.refresh().catch(() => {});
      await clock.advance(40_000);
      const [, first, second] = platform.issues;
      expect(second!.sentAtMs).toBeGreaterThanOrEqual(first!.processedAtMs!);
      expect(heir.peek()?.reveal()).toBe(platform.latest);
    },
  );

  it("does not shorten the longer drain that another node legitimately wrote", async () => {
    const { clock, node, platform } = fleet();
    const slow = node({ parameters: { drainMs: 90_000 } });
    const quick = node();
    await within(clock, 2_000, Promise.all([slow.get(), quick.get()]));
    await clock.advance(600_000);
    platform.script("unknown-unprocessed");
    await within(clock, 60_000, slow.refresh()).catch(() => undefined);
    await clock.advance(20_000);
    const before = platform.issues.length;
    quick.refresh().catch(() => {});
    await clock.advance(40_000);
    expect(platform.issues).toHaveLength(before);
    expect(quick.typesOf()).not.toContain("poisoned");
  });
});
