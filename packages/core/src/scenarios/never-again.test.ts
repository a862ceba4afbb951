/**
 * What a node must not do twice: take what was replaced for new, or go on flying for a caller whom
 * nothing serves.
 */
import { describe, expect, it } from "vitest";
import { parametersFor } from "../parameters.ts";
import { manualClock } from "../testing/index.ts";
import { fleet, neverAsked, within } from "./fleet.fixture.ts";
import { SingleFlight } from "../manager/single-flight.ts";
import { Closing } from "../time/closing.ts";

describe("a store that falls back", () => {
  it("to what was replaced before a node ever held it, passes it off as new to nobody, though both are of the same minute", async () => {
    const { clock, document, node, platform, write } = fleet();
    const one = node();
    await within(clock, 2_000, one.get());
    const before = (await document())!;
    await clock.advance(10_000);
    await within(clock, 2_000, one.refresh());
    await within(clock, 2_000, one.close());
    const two = node({ keepAlive: true });
    const stored = await within(clock, 2_000, two.get());
    expect(stored.reveal()).toBe(platform.latest);
    await write(before);
    for (let seconds = 0; seconds < 300; seconds += 1) {
      await clock.advance(1_000);
      expect(two.peek()?.reveal(), `after ${seconds} s`).toBe(stored.reveal());
    }
    expect((await document())?.credential?.secret).toBe(stored.reveal());
    expect(platform.issues).toHaveLength(2);
  });
});

describe("a caller whom no refresh serves, though each ends well", () => {
  it("is told so after eight of them", async () => {
    const clock = manualClock();
    const context = {
      clock,
      issuer: neverAsked,
      environment: "test",
      node: "a",
      parameters: parametersFor(neverAsked),
    };
    let singleFlight = 0;
    const refresh = async (): Promise<void> => {
      singleFlight += 1;
      // Much more often than anybody can be told.
      if (singleFlight > 100) throw new Error("Nobody ended this.");
    };
    const node = { context, local: { cachedFor: () => undefined }, storeClock: { isSet: true } };
    const told = new SingleFlight(node, { refresh }, new Closing()).ensure({
      reason: "cold",
    });
    await expect(told).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      message: expect.stringMatching(
        /^Each credential "test" that came was refused or ran out at once\./,
      ),
      retryAfterMs: 1_000,
    });
    expect(singleFlight).toBe(8);
    expect(clock.pendingTimers).toBe(0);
  });
});
