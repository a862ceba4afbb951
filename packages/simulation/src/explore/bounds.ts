/** How much may go wrong in one search. Every combination within the bounds is tried, in every order. */
import type { Bounds } from "./model.ts";

const calm: Bounds = {
  name: "calm",
  processes: 2,
  drainTicks: 1,
  tickMs: 1,
  forgets: 0,
  behind: 0,
  refreshes: 1,
  sends: 4,
  expiries: 0,
  timeouts: 0,
  refusals: 0,
  rejections: 0,
  outages: 0,
  crashes: 0,
  failovers: 0,
  foreign: 0,
};

export const bounds = {
  small: { ...calm, name: "expiries, timeouts, a crash", refreshes: 2, expiries: 1, timeouts: 1, crashes: 1 },
  rejections: { ...calm, name: "rejections", refreshes: 1, expiries: 1, rejections: 2, foreign: 1 },
  regression: { ...calm, name: "failover to a clock that is behind", sends: 4, expiries: 1, failovers: 1, forgets: 3, behind: 1 },
} as const satisfies Record<string, Bounds>;
