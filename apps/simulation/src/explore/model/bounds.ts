/**
 * How many faults may occur in each search. Every combination within the bounds is tried, in every
 * order.
 */
import type { Bounds } from "./model.ts";

const noFaults: Bounds = {
  name: "no faults",
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
  resets: 0,
  confirms: true,
};

type Search =
  | "leases"
  | "rejections"
  | "complaints"
  | "outages"
  | "failover"
  | "silence"
  | "regression"
  | "ages"
  | "resets"
  | "three";

/** The searches of `pnpm explore`. */
export const bounds: Readonly<Record<Search, Bounds>> = {
  leases: {
    ...noFaults,
    name: "2 lease expiries, 2 timeouts, a crash",
    sends: 3,
    expiries: 2,
    timeouts: 2,
    crashes: 1,
  },
  rejections: {
    ...noFaults,
    name: "an expiry, a timeout, 2 rejections, a foreign refresh",
    expiries: 1,
    timeouts: 1,
    rejections: 2,
    foreign: 1,
  },
  complaints: {
    ...noFaults,
    name: "2 complaints that the platform does not confirm, an expiry, a timeout",
    refreshes: 0,
    sends: 3,
    expiries: 1,
    timeouts: 1,
    rejections: 2,
    confirms: false,
  },
  outages: {
    ...noFaults,
    name: "an expiry, a timeout, a refusal, an outage of the store",
    drainTicks: 2,
    sends: 3,
    expiries: 1,
    timeouts: 1,
    refusals: 1,
    outages: 1,
  },
  failover: {
    ...noFaults,
    name: "a failover that forgets a write, an expiry, a crash, a clock that is behind",
    sends: 3,
    expiries: 1,
    crashes: 1,
    failovers: 1,
    forgets: 1,
    behind: 1,
  },
  silence: {
    ...noFaults,
    name: "a failover that forgets a write, an expiry, a timeout, a clock that is behind",
    sends: 3,
    expiries: 1,
    timeouts: 1,
    failovers: 1,
    forgets: 1,
    behind: 1,
  },
  regression: {
    ...noFaults,
    name: "a failover that forgets 3 writes, an expiry, a clock that is behind",
    expiries: 1,
    failovers: 1,
    forgets: 3,
    behind: 1,
  },
  ages: {
    ...noFaults,
    name: "a failover that forgets 2 writes, an expiry, and more than a minute between them",
    tickMs: 61_000,
    expiries: 1,
    failovers: 1,
    forgets: 2,
  },
  resets: {
    ...noFaults,
    name: "an operator's reset, an expiry, a timeout",
    expiries: 1,
    timeouts: 1,
    resets: 1,
  },
  three: {
    ...noFaults,
    name: "an expiry, a timeout, a crash",
    processes: 3,
    expiries: 1,
    timeouts: 1,
    crashes: 1,
  },
};

/** Enough to find most mutants, in seconds. */
export const small: Bounds = {
  ...noFaults,
  name: "an expiry, a timeout, a crash",
  refreshes: 2,
  expiries: 1,
  timeouts: 1,
  crashes: 1,
};
