import { describe, expect, it } from "vitest";
import { parametersFor } from "../parameters.ts";
import { neverAsked } from "../scenarios/fleet.fixture.ts";
import { manualClock } from "../testing/index.ts";
import { Closing } from "../time/closing.ts";
import { SingleFlight } from "./single-flight.ts";

describe("a caller that is not served by successful refreshes", () => {
  it("is rejected after eight refreshes", async () => {
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
      // Far more often than in any real case.
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
