/**
 * The mutated code, in parts that the nightly run works on in parallel: deciding code, with the
 * quick tests beside it. Scenarios of a whole fleet would take a minute for each surviving mutant.
 * The simulation and tests on real servers prove the effects around it.
 */
interface Room {
  readonly name: string;
  readonly files: readonly string[];
  /** Patterns, separated by spaces. One that begins with an exclamation mark leaves files out. */
  readonly tests: string;
}

const leaseTests = "packages/core/src/{lease,lock}/*.test.ts";

export const rooms: readonly Room[] = [
  {
    name: "state",
    files: ["packages/core/src/state/*.ts"],
    // Without the property tests of later releases' documents, which take as long as all others
    // together.
    tests: "packages/core/src/state/*.test.ts !**/version-skew.test.ts",
  },
  { name: "lease", files: ["packages/core/src/lease/*.ts"], tests: leaseTests },
  {
    name: "lock",
    files: ["create-lock", "late-grants", "lock", "wait-queue"].map(
      (name) => `packages/core/src/lock/${name}.ts`,
    ),
    tests: leaseTests,
  },
  {
    name: "refresh",
    files: ["packages/core/src/refresh/*.ts"],
    tests: "packages/core/src/refresh/*.test.ts packages/core/src/scenarios/measurements.test.ts",
  },
  {
    name: "fleet",
    files: ["packages/core/src/fleet/*.ts"],
    // Without the tests that take seconds because they run through days.
    tests:
      "packages/core/src/fleet/*.test.ts packages/core/src/scenarios/{options,measurements}.test.ts !**/ownership.test.ts !**/renewal-windows.test.ts",
  },
  {
    name: "leader",
    files: ["packages/core/src/leader/*.ts"],
    tests: "packages/core/src/{leader,refresh}/*.test.ts",
  },
  {
    name: "manager",
    files: ["packages/core/src/manager/*.ts"],
    tests:
      "packages/core/src/manager/*.test.ts packages/core/src/scenarios/{background-restraint,closing,measurements}.test.ts",
  },
  {
    name: "wechat",
    files: [
      "errors/classify",
      "transport/platform-answer",
      "calls/send",
      "tokens/token-request",
      "calls/peek-refusal",
      "calls/replayable-call",
      "account/quota-api",
    ].map((name) => `packages/wechat/src/${name}.ts`),
    // Without those on real connections, and without the scenarios of the other platforms.
    tests:
      "packages/wechat/src/{account,calls,errors,tokens,transport}/*.test.ts !**/{loopback,signed-fetch}.test.ts",
  },
];

/** @throws if there is no room of this name. */
export function roomNamed(name: string): Room {
  const room = rooms.find((each) => each.name === name);
  if (room !== undefined) return room;
  throw new Error(`There is no room "${name}": ${rooms.map((each) => each.name).join(", ")}.`);
}
