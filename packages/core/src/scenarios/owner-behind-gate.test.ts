import { describe, expect, it } from "vitest";
import { fleet, within } from "./fleet.fixture.ts";

/** Each title is an obstacle to a fetch at the moment at which an owner's token is refused. */
const gates = [
  {
    title: "the platform refuses until a person corrects something",
    outcome: "fatal",
    platformCode: "40125",
  },
  { title: "the fleet backs off", outcome: "busy", retryAfterMs: 600_000 },
  { title: "the day's quota is used up", outcome: "quota", platformCode: "45009" },
] as const;

describe("an owner behind a closed gate", () => {
  it.each(gates)(
    "marks a token that the platform refused, so that no other node hands it out as fresh: $title",
    async (step) => {
      const { clock, document, node, platform } = fleet();
      const one = node();
      const old = await within(clock, 2_000, one.get());
      await clock.advance(60_000);
      platform.refuse(step);
      one.refresh().catch(() => {});
      await clock.advance(3_000);
      platform.revoke(old.reveal());
      one.reject(old).catch(() => {});
      // An operator's refresh ignores the back-off, and goes on for as long as it waits.
      await clock.advance(45_000);
      expect((await document())?.suspect).toMatchObject({
        fingerprint: old.fingerprint,
        dead: true,
      });
      const late = node();
      const given: unknown = await within(clock, 25_000, late.get()).catch(
        (error: unknown) => error,
      );
      expect(given).toBeInstanceOf(Error);
      expect(late.peek()).toBeUndefined();
    },
  );
});
