/**
 * Limits of the background: it does not press a platform that asked for a pause, and does not
 * replace a new credential.
 */
import { describe, expect, it } from "vitest";
import { parametersFor } from "../parameters.ts";
import type { Random } from "../random.ts";
import { seededRandom } from "../testing/index.ts";
import { fleet, within } from "./fleet.fixture.ts";

/** Draws the earliest start each time. */
function eager(): Random {
  const { id } = seededRandom("eager");
  return { next: () => 0.9, id };
}

describe("the background", () => {
  it("starts no refresh while the fleet backs off, for as long as the platform asked", async () => {
    const { clock, node, platform } = fleet();
    const one = node({ keepAlive: true });
    await within(clock, 2_000, one.get());
    const busy = { outcome: "busy", retryAfterMs: 600_000 } as const;
    platform.script(busy, busy, busy, busy, busy, busy, busy, busy);
    while (platform.issues.length < 2) await clock.advance(1_000);
    await clock.advance(2_000);
    const readings = one.faults.calls("get");
    await clock.advance(55_000);
    // One read a minute, and no attempts after 5, 10 and 20 s in between.
    expect(one.faults.calls("get") - readings).toBeLessThanOrEqual(1);
    await clock.advance(420_000);
    expect(platform.issues).toHaveLength(2);
  });

  it("does not replace a credential in its first half minute, even if a refresh is due at once", async () => {
    // The platform returns the one that lives five seconds longer than its refresh window.
    const { clock, node, platform } = fleet({ policy: { kind: "stable", renewWithinMs: 290_000 } });
    const { advisoryMs } = parametersFor(platform);
    const step = { expiresInMs: advisoryMs + 5_000 };
    platform.script(step, step, step, step);
    const one = node({ keepAlive: true, random: eager(), parameters: { fleetSize: 1 } });
    await within(clock, 2_000, one.get());
    await clock.advance(28_000);
    expect(platform.issues).toHaveLength(1);
    await clock.advance(10_000);
    expect(platform.issues).toHaveLength(2);
  });
});
