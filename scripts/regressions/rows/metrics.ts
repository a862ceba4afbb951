import type { Regression } from "../regression.ts";

const core = "packages/core/src";
const telemetry = "packages/telemetry/src";
const scenario = `${core}/scenarios/measurements.test.ts`;
const gauges = `${telemetry}/gauges.ts`;
const measurements = `${telemetry}/measurements.test.ts`;

/** What operators see: metrics, and the checks of stores other than Redis. */
export const metrics: readonly Regression[] = [
  {
    right: "lock.hold.duration is measured, with how the lease ended.",
    edits: [
      {
        file: `${core}/refresh/owner.ts`,
        from: 'bus.measure({ kind: "lock-hold", outcome: lease.lost ?? "released" }, grantedMs);',
        to: "void bus;",
      },
    ],
    test: scenario,
  },
  {
    right: "lock.hold.duration is measured for a lease that was kept for an outcome, too.",
    edits: [
      {
        file: `${core}/refresh/owner.ts`,
        from: "const lease = measured(granted, bus, clock.monotonicMs());",
        to: "const lease = granted; const measuredLease = measured(granted, bus, clock.monotonicMs());",
      },
      {
        file: `${core}/refresh/owner.ts`,
        from: "if (outcomes.pending?.keeps(lease) !== true) await lease.release();",
        to: "if (outcomes.pending?.keeps(lease) !== true) await measuredLease.release();",
      },
      {
        file: `${core}/refresh/owner.ts`,
        from: 'lease.signal.addEventListener("abort", measure);',
        to: "",
      },
    ],
    test: scenario,
    title: "that was kept for an outcome",
  },
  {
    right: "store.duration tells commands by what they are for, not as get and set.",
    edits: [
      {
        file: `${core}/fleet/document.ts`,
        from: "() => answered(this.#context, command()), measuredAs,",
        to: "() => answered(this.#context, command()), void measuredAs,",
      },
    ],
    test: scenario,
  },
  {
    right: "quota.utilization is the part that is used, at each fetch, not the last threshold.",
    edits: [
      {
        file: `${core}/leader/reports.ts`,
        from: "measureQuota(bus, used, rules, nowMs); const percent",
        to: "const percent",
      },
    ],
    test: scenario,
  },
  {
    right: "A request that is repeated at once is a fetch, as the platform counts calls.",
    edits: [
      {
        file: `${core}/leader/write-outcome.ts`,
        from: 'context.bus.measure({ kind: "repeated", outcome, errorCode: platformCode ?? code });',
        to: "",
      },
    ],
    test: scenario,
  },
  {
    right: "A credential that is closed in doubt leaves no doubt behind.",
    edits: [{ file: gauges, from: "result.observe(observables.inDoubt, 0, attributes);", to: "" }],
    test: measurements,
  },
  {
    right: "claim.conflicts ends when the conflict does.",
    edits: [
      {
        file: gauges,
        from: "now < claims.untilMs ? claims.conflicts : 0",
        to: "claims.conflicts",
      },
    ],
    test: measurements,
  },
  {
    right: "A stuck lock is found in a store that is no Redis.",
    edits: [
      {
        file: "packages/doctor/src/checks/locks.ts",
        from: ": tryEach(lock, credentials.known.credentials);",
        to: ': unknown("This store shows a lock only to who takes it.");',
      },
    ],
    test: "packages/doctor/src/checks/locks.test.ts",
  },
];
