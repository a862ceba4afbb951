/** One process of the herd. */
import { delay, Secret, systemClock } from "@lingpai/core";
import { obey } from "../fleet.ts";
import { countingLoader, herdContenders, type HerdContender } from "./contenders.ts";
import type { HerdOrders, Rush } from "./protocol.ts";

interface Joined {
  readonly contender: HerdContender;
  readonly loads: () => number;
}

function member(): HerdOrders {
  let joined: Joined | undefined;
  return {
    async join({ contender, url, key, loadMs }) {
      const { load, calls } = countingLoader(loadMs);
      joined = { contender: await herdContenders[contender]({ url, key, load }), loads: calls };
    },
    async rush({ callers, atWallMs }): Promise<Rush> {
      if (joined === undefined) throw new Error("Join comes before rush.");
      const { contender, loads } = joined;
      await delay(systemClock, atWallMs - systemClock.wallMs());
      const values = await Promise.all(Array.from({ length: callers }, () => contender.get()));
      const lastWallMs = systemClock.wallMs();
      return {
        loads: loads(),
        lastWallMs,
        values: [
          ...new Set(
            values.map((value) => (value instanceof Secret ? value.reveal() : String(value))),
          ),
        ],
      };
    },
    async leave() {
      await joined?.contender.close();
      joined = undefined;
    },
  };
}

obey(member());
