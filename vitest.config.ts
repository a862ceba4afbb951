import { defineConfig } from "vitest/config";
import { ComputingBesideWaiting } from "./scripts/sequencer.ts";

/**
 * What a test needs is in its name, and the name decides when it runs. `x.test.ts` needs nothing
 * and runs in every `pnpm test`; the others run in `npm test`, and in `pnpm test NAME` when the
 * name matches.
 */
const everywhere = "{packages,apps}/*/src/**/*";
/** How long a test may hang. Nothing should take a quarter of it. */
const settings = {
  processes: 240_000,
  redis: 240_000,
  servers: 240_000,
  packaging: 600_000,
  docs: 600_000,
  browser: 300_000,
  nightly: 600_000,
};
type Kind = keyof typeof settings;

/**
 * Quick kinds first. Tests with processes and servers mostly wait, for leases, failovers, drains
 * and reconnections: a file keeps a core busy for a fifth of its time. Searches, simulations and
 * builds compute meanwhile, at a lower priority.
 */
const groups: readonly { readonly kinds: readonly Kind[]; readonly maxWorkers: number }[] = [
  { kinds: ["processes", "redis", "servers", "packaging", "docs"], maxWorkers: 6 },
  // Left to the night, and to `pnpm test NAME`: `npm test` must not need a browser.
  { kinds: ["browser"], maxWorkers: 1 },
  // Left to the night, and to `pnpm test NAME`: they wait for minutes.
  { kinds: ["nightly"], maxWorkers: 2 },
];

const needing = groups.flatMap(({ kinds, maxWorkers }, index) =>
  kinds.map((name) => ({
    extends: true as const,
    test: {
      name,
      sequence: { groupOrder: index + 2 },
      maxWorkers,
      include: [`${everywhere}.${name}.test.ts`, `scripts/**/*.${name}.test.ts`],
      testTimeout: settings[name],
      hookTimeout: settings[name],
      setupFiles: ["./scripts/priority.ts"],
      globalSetup: ["processes", "packaging"].includes(name) ? [] : ["./scripts/servers.ts"],
    },
  })),
);

export default defineConfig({
  test: {
    // A test may run a command that a README shows; `npm test` among them must not start the whole
    // run again.
    env: { LINGPAI_TEST_RUN: "1" },
    expect: { poll: { timeout: 60_000 } },
    // The clauses of a backend that run side by side mostly wait for times to live.
    maxConcurrency: 12,
    sequence: { sequencer: ComputingBesideWaiting },
    // `pnpm coverage`: what the unit tests alone reach. A figure to read, not a target: whether a
    // test would notice a fault is what `pnpm mutation` measures.
    coverage: {
      include: ["packages/*/src/**/*.ts"],
      exclude: ["**/*.{test,fixture,types}.ts", "**/*.test.helper.ts"],
      reporter: ["text-summary"],
    },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          // No module keeps state and no test changes a global, so files can share a worker.
          isolate: false,
          sequence: { groupOrder: 1 },
          maxWorkers: "100%",
          // Only a test that hangs takes so long; on a machine with other work, five seconds pass
          // while dozens of tests wait for their turn.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          include: [`${everywhere}.test.ts`, "scripts/**/*.test.ts"],
          exclude: ["**/node_modules/**", `**/*.{${Object.keys(settings).join(",")}}.test.ts`],
        },
      },
      ...needing,
    ],
  },
});
