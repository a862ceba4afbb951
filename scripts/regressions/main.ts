/**
 * `pnpm regressions` brings back each mended fault, one at a time and in memory only, and shows
 * that the named test fails. `--area years` tries one area, `--only 3` one row of it, and
 * `--jobs 2` sets how many run in parallel.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { regressions } from "./rows/index.ts";
import { outcomeOf, type Outcome } from "./trial.ts";

const { values: asked } = parseArgs({
  options: {
    area: { type: "string" },
    only: { type: "string" },
    jobs: { type: "string", default: String(Math.min(4, availableParallelism())) },
  },
});
if (asked.area !== undefined && !(asked.area in regressions))
  throw new Error(`There is no area "${asked.area}". Use ${Object.keys(regressions).join(", ")}.`);

const rows = Object.entries(regressions)
  .filter(([area]) => asked.area === undefined || area === asked.area)
  .flatMap(([area, list]) => list.map((row, index) => ({ name: `${area} ${index + 1}`, row })))
  .filter(({ name }) => asked.only === undefined || name.endsWith(` ${asked.only}`));
if (rows.length === 0) throw new Error("No row was asked for: look at --area and --only.");

const waiting = rows.values();
const counts: Record<Outcome["kind"], number> = { noticed: 0, survived: 0, undecided: 0 };
await Promise.all(
  Array.from({ length: Number(asked.jobs) }, async () => {
    for (const { name, row } of waiting) {
      const outcome = await outcomeOf(row);
      counts[outcome.kind] += 1;
      console.log(`${outcome.kind.padEnd(9)} ${name}: ${row.right}`);
      if (outcome.kind !== "noticed") console.log(`          ${row.test}: ${outcome.why}`);
    }
  }),
);

console.log(
  `${rows.length} faults brought back: ${counts.noticed} noticed, ${counts.survived} survived, ${counts.undecided} undecided`,
);
process.exitCode = counts.noticed === rows.length ? 0 : 1;
