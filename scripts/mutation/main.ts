/**
 * `pnpm mutation` changes the deciding code in thousands of small ways and counts the changes that
 * no test notices. `--room lease` does so with one part, as each job of the nightly run. `--sample`
 * takes the reducer, in half a minute. `--files a.ts,b.ts` takes these files with all tests of
 * their packages, or with `--tests "a.test.ts …"` these tests.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { toolPath } from "../tools.ts";
import { root } from "../workspace.ts";
import { roomNamed, rooms } from "./rooms.ts";
import { linesOf, scoreOf, type MutationReport, type Survivor } from "./score.ts";

const targetPercent = 90;

const { values: asked } = parseArgs({
  options: {
    sample: { type: "boolean" },
    room: { type: "string" },
    files: { type: "string" },
    tests: { type: "string" },
  },
});
const room = asked.sample
  ? roomNamed("state")
  : asked.room === undefined
    ? undefined
    : roomNamed(asked.room);
/** The full run: it includes mutants of code that runs when a module loads, and slow tests. */
const isWhole = !asked.sample && asked.files === undefined;
const files = room?.files ?? asked.files?.split(",") ?? rooms.flatMap((each) => each.files);
const tests = room?.tests ?? asked.tests;
const part = asked.sample ? "sample" : (room?.name ?? (isWhole ? "all" : `${process.pid}`));
const reportFile = join(root, ".cache", `mutation-${part}.json`);

mkdirSync(join(root, ".cache"), { recursive: true });
rmSync(reportFile, { force: true });
const { status } = spawnSync(
  process.execPath,
  [toolPath("@stryker-mutator/core", "stryker"), "run", "scripts/mutation/stryker.config.mjs"],
  {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...process.env,
      LINGPAI_MUTATE: files.join(","),
      LINGPAI_MUTATION_REPORT: reportFile,
      ...(tests && { LINGPAI_MUTATION_TESTS: tests }),
      ...(isWhole ? { LINGPAI_MUTATE_STATIC: "1" } : { LINGPAI_MUTATION_MAX_MS: "1500" }),
    },
  },
);
if (status !== 0)
  throw new Error("The mutation run did not end well: what it printed above says why.");

const survivors = JSON.parse(
  readFileSync(join(root, "scripts/mutation/survivors.json"), "utf8"),
) as Survivor[];
const score = scoreOf(JSON.parse(readFileSync(reportFile, "utf8")) as MutationReport, survivors);
console.log(linesOf(score).join("\n"));
const isGood = score.percent >= targetPercent;
const isExplained = score.unlisted.length === 0 && score.outdated.length === 0;
console.log(`${isGood ? "met" : "missed"}: at least ${targetPercent} % killed`);
console.log(
  `${isExplained ? "met" : "missed"}: a test or a reason for every survivor, and no reason without one`,
);
// Every survivor is printed each time. A person who changes the code has until the nightly run to
// give reasons.
process.exitCode = isGood && (isExplained || !isWhole) ? 0 : 1;
