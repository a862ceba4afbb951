/**
 * `pnpm house`: prints the figures of the house and their ceilings, and fails if a figure is above
 * its ceiling. `--places` also prints each counted place; `--lower` lowers the ceilings to the
 * figures.
 */
import { writeFileSync } from "node:fs";
import { ceilings, ceilingsPath, figures, fullestFolders } from "./house/figures.ts";

const options = new Set(process.argv.slice(2));
const limits = ceilings();
const all = figures();
for (const { name, value, places } of all) {
  const limit = limits[name] ?? 0;
  const isAbove = value > limit;
  console.log(`${isAbove ? "✗" : "✓"} ${name.padEnd(24)} ${value} (at most ${limit})`);
  if (isAbove || options.has("--places")) for (const place of places) console.log(`    ${place}`);
}
console.log("\nThe fullest folders, as places to look:");
for (const [folder, count] of fullestFolders(8))
  console.log(`  ${String(count).padStart(3)}  ${folder}`);

if (options.has("--lower")) {
  const lowered = Object.fromEntries(
    all.map(({ name, value }) => [
      name,
      name === "longLinesPercent" ? limits[name] : Math.min(value, limits[name] ?? value),
    ]),
  );
  writeFileSync(ceilingsPath, `${JSON.stringify(lowered, undefined, 2)}\n`);
}
process.exitCode = all.some(({ name, value }) => value > (limits[name] ?? 0)) ? 1 : 0;
