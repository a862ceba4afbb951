/**
 * `pnpm conformance [--json] [--only=TEXT] [--write] [--matrix]`: runs the clauses on every backend
 * of the workspace, and on the mutants.
 *
 * `--only` selects the backends whose title contains the text. `--write` renews the table in the
 * README, and `--matrix` prints what is left to the nightly run; these two run nothing. The exit
 * code is 1 if a clause failed or a mutant survived. The process ends even if a backend has left
 * something open.
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { inspect, parseArgs } from "node:util";
import type { Backend } from "../backend.ts";
import { clauses } from "../clauses/index.ts";
import { mutants } from "../mutants/index.ts";
import { attackAll } from "../mutants/kill-matrix.ts";
import { plan } from "../runner/plan.ts";
import { runClauses, type Report } from "../runner/run.ts";
import { discover } from "./discover.ts";
import { endThough } from "./ending.ts";
import { killTable } from "./kill-table.ts";
import { withGenerated } from "./readme.ts";
import { isSound, summaryOf, titleOf, type Summary } from "./summary.ts";
import { clauseTable, familyTable } from "./table.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const readmePath = fileURLToPath(new URL("../../README.md", import.meta.url));

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    matrix: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    write: { type: "boolean", default: false },
  },
});

const backends = (await discover(root)).filter((backend) =>
  titleOf(backend).includes(options.only),
);
if (options.write)
  await writeFile(
    readmePath,
    withGenerated(await readFile(readmePath, "utf8"), familyTable(clauses, backends)),
  );
else if (options.matrix) console.log(killTable(backends, clauses, mutants));
else await report();

async function report(): Promise<void> {
  const reports: Report[] = [];
  for (const backend of backends) reports.push(await runOne(backend));
  const summary: Summary = { adapters: reports.map(summaryOf), mutants: await attackAll() };
  if (options.json) console.log(JSON.stringify(summary, undefined, 2));
  else console.log(`${clauseTable(clauses, reports)}\n\n${mutantLine(summary)}`);
  process.exitCode = isSound(summary) ? 0 : 1;
  endThough();
}

/** If a backend does not start, every applicable clause has failed. */
async function runOne(backend: Backend): Promise<Report> {
  console.error(`${titleOf(backend)} …`);
  try {
    const done = await runClauses(backend);
    for (const outcome of done.outcomes)
      if (outcome.status === "failed") console.error(`  ${outcome.id} ${inspect(outcome.error)}`);
    return done;
  } catch (error) {
    console.error(`  did not start: ${inspect(error)}`);
    const outcomes = plan(backend, clauses).trials.map(
      ({ clause: { id, title } }) => ({ id, title, ms: 0, status: "failed", error }) as const,
    );
    return { adapter: backend.adapter, backend: backend.backend, outcomes, passed: false };
  }
}

function mutantLine({ mutants: { total, killed, survivors } }: Summary): string {
  const rest = survivors.map((name) => `\n  survived: ${name}`).join("");
  return `${killed} of ${total} mutants were caught by the clauses meant for them.${rest}`;
}
