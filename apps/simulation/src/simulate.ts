/** `pnpm simulate`: runs the fleet under many seeds, and fails if one of them breaks a promise. */
import { systemClock } from "@lingpai/core";
import { runSeeds } from "./worker-pool.ts";
import { optionsFrom, usage } from "./options.ts";
import { Report } from "./report.ts";

if (process.argv.includes("--help")) {
  console.log(usage);
} else {
  const options = optionsFrom(process.argv.slice(2));
  const report = new Report(options);
  const startedMs = systemClock.monotonicMs();
  await runSeeds(options, (result) => {
    if (options.seeds === 1 && !options.json)
      console.log(`seed ${result.seed}: ${result.description}`);
    const violation = report.add(result);
    if (violation !== undefined) console.error(violation);
  });
  const tookMs = systemClock.monotonicMs() - startedMs;
  const summary = report.summary(tookMs);
  console.log(options.json ? JSON.stringify(summary) : report.text(tookMs));
  process.exitCode = summary.violations.length > 0 ? 1 : 0;
}
