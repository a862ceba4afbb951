import { defineConfig } from "vitest/config";

/**
 * What a test needs is in its name, and the name decides when it runs. `x.test.ts` needs nothing and runs in every `pnpm test`; the others
 * run in `npm test`, and in `pnpm test NAME` when the name matches.
 */
const everywhere = "{packages,apps}/*/src/**/*";
const settings = { processes: 60_000, redis: 60_000, servers: 120_000, packaging: 300_000, docs: 120_000 };
const needing = Object.entries(settings).map(([name, timeoutMs], index) => ({
  extends: true as const,
  test: {
    name,
    // One kind after the other, quick ones first: a build beside them would make the tests in real time unreliable.
    sequence: { groupOrder: index + 2 },
    // Tests on Redis mostly wait, for leases, failovers and reconnections: a file keeps a core busy for a fifth of its time. Databases work more.
    ...(name === "redis" && { maxWorkers: 3 }),
    ...(name === "servers" && { maxWorkers: 2 }),
    include: [`${everywhere}.${name}.test.ts`, `scripts/**/*.${name}.test.ts`],
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    globalSetup: ["processes", "packaging"].includes(name) ? [] : ["./scripts/servers.ts"],
  },
}));

export default defineConfig({
  test: {
    // A test may run a command that a README shows; `npm test` among them must not start the whole run again.
    env: { LINGPAI_TEST_RUN: "1" },
    expect: { poll: { timeout: 20_000 } },
    // The clauses of a backend that run side by side mostly wait for times to live.
    maxConcurrency: 8,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          // No module keeps state and no test changes a global, so files can share a worker.
          isolate: false,
          sequence: { groupOrder: 1 },
          maxWorkers: "100%",
          // Only a test that hangs takes so long; on a machine with other work, five seconds pass while dozens of tests wait for their turn.
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
