/**
 * `pnpm mutation` changes the deciding code in thousands of small ways and counts which changes no
 * test notices; `--sample` does so with the reducer, in half a minute; `--files a.ts,b.ts` with
 * those, shown to all tests of their packages, or with `--tests "a.test.ts …"` to those.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { toolPath } from "../tools.ts";
import { root } from "../workspace.ts";
import { linesOf, scoreOf, type MutationReport, type Survivor } from "./score.ts";

/** What decides. Effects around it are proved by the simulation and on real servers. */
const core = [
  ...["state", "fleet", "leader", "refresh", "manager", "lease"].map(
    (folder) => `packages/core/src/${folder}/*.ts`,
  ),
  ...["create-lock", "late-grants", "lock", "wait-queue"].map(
    (name) => `packages/core/src/lock/${name}.ts`,
  ),
];
const wechat = [
  "errors/classify",
  "transport/platform-answer",
  "calls/send",
  "tokens/token-request",
  "calls/peek-refusal",
  "calls/replayable-call",
  "account/quota-api",
].map((name) => `packages/wechat/src/${name}.ts`);
/** Pure decisions, shown to the tests beside them: seconds. */
const sample = ["packages/core/src/state/*.ts"];
/**
 * Without the properties of documents of later releases, which take as long as all others together.
 */
const sampleTests = "packages/core/src/state/*.test.ts !**/version-skew.test.ts";
const targetPercent = 90;

const { values: asked } = parseArgs({
  options: { sample: { type: "boolean" }, files: { type: "string" }, tests: { type: "string" } },
});
const isWhole = !asked.sample && asked.files === undefined;
const files = asked.sample ? sample : (asked.files?.split(",") ?? [...core, ...wechat]);
const tests = asked.sample ? sampleTests : asked.tests;
const reportFile = join(
  root,
  ".cache",
  `mutation${asked.sample ? "-sample" : isWhole ? "" : `-${process.pid}`}.json`,
);

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
// Every survivor is named each time; who has just changed the code has until the night for the
// reasons.
process.exitCode = isGood && (isExplained || !isWhole) ? 0 : 1;
