/** A process with thousands of credentials, for some minutes of the run, over a store of its own. */
import { CrowdAudit } from "../audit/crowd-audit.ts";
import type { FaultTarget } from "../faults/fault-target.ts";
import { Crowd } from "../fleet/crowd.ts";
import type { Chance } from "../world/chance.ts";
import type { Scenario } from "./scenario.ts";

/** The larger number is drawn less often, because it costs seconds of real time. */
const sizes = [500, 500, 500, 2_000];
const lastsMs = 150_000;
/** When each credential is called: within so long before each of these instants. */
const callsWithinMs = 20_000;
const callsUntilMs = [20_000, 80_000, 120_000];
const frozenForMs: readonly [number, number] = [1_000, 10_000];
const lagMaxMs = 2_000;
/** The last calls are served before the end, and nothing is under way then. */
const calmMs = 60_000;

export const manyCredentials: Scenario = {
  name: "many-credentials",
  about:
    "for some minutes a process holds 500 or 2 000 credentials, whose store freezes for up to 10 s, or fails over to a replica that lacks the last writes",
  inject(target: FaultTarget, chance: Chance, untilMs: number) {
    const { auditor, world } = target;
    const latestMs = untilMs - world.nowMs - lastsMs;
    if (latestMs < 0) return;
    world.after(chance.between(0, latestMs), () => {
      const size = sizes[chance.whole(0, sizes.length - 1)] ?? 0;
      world.note("crowd", `starts with ${size} credentials`);
      const crowd = new Crowd(world, chance, size);
      run(crowd, new CrowdAudit(world, crowd, auditor), target, chance);
    });
  },
};

function run(crowd: Crowd, audit: CrowdAudit, { world }: FaultTarget, chance: Chance): void {
  for (const ms of callsUntilMs)
    for (const index of crowd.credentials.keys())
      world.after(chance.between(ms - callsWithinMs, ms), () => void audit.call(index));
  world.after(chance.between(0, lastsMs - calmMs), () => {
    const forMs = chance.magnitude(...frozenForMs);
    const isReplaced = chance.happens(0.5);
    world.note("crowd", `its store freezes for ${(forMs / 1_000).toFixed(1)} s`);
    crowd.freezeStore(forMs);
    audit.excuse(forMs);
    world.after(forMs, () => {
      if (isReplaced) crowd.failOver(chance.between(0, lagMaxMs));
      return "quiet";
    });
    return "quiet";
  });
  world.after(lastsMs, () => {
    audit.atRest();
    crowd.kill();
    return "quiet";
  });
}
