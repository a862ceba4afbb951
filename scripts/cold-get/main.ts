/**
 * `pnpm cold-get` prints the path of one cold `get()` through core: the files in the order in which
 * its steps enter them, and how often it returns to a file that it has left. A step is the first
 * call of an asynchronous function. It fails if there are more returns than {@link returnsMax}.
 */
import { fleet, within } from "../../packages/core/src/scenarios/fleet.fixture.ts";
import { traced, type TracedCall } from "./trace-hook.ts";

/** The most returns to a file for a reader who follows the steps. */
const returnsMax = 5;

const { clock, node } = fleet();
const one = node();
const { result, calls } = traced(() => one.get());
// Time passes outside the trace, so that the work of background timers is left out.
await within(clock, 2_000, result);

const stays = staysOf(calls);
for (const { file, isReturn, steps } of stays)
  console.log(`${isReturn ? "←" : " "} ${file.padEnd(32)} ${steps.join(" ")}`);

const files = new Set(calls.map(({ file }) => file)).size;
const functions = new Set(calls.map(({ file, name }) => `${file}:${name}`)).size;
const returns = stays.filter(({ isReturn }) => isReturn).length;
console.log(
  `\n${functions} functions in ${files} files run; ${stays.flatMap(({ steps }) => steps).length} of them are steps.`,
);
console.log(
  `${stays.length} stays, ${returns} of them return to a file left before (at most ${returnsMax}).`,
);
await one.close();
process.exitCode = returns > returnsMax ? 1 : 0;

/** One or more steps in one file, one after the other. */
interface Stay {
  readonly file: string;
  readonly isReturn: boolean;
  readonly steps: string[];
}

function staysOf(all: readonly TracedCall[]): readonly Stay[] {
  const known = new Set<string>();
  const found: Stay[] = [];
  for (const { file, name, isStep } of all) {
    if (!isStep || known.has(`${file}:${name}`)) continue;
    known.add(`${file}:${name}`);
    const last = found.at(-1);
    if (last?.file === file) last.steps.push(name);
    else found.push({ file, isReturn: found.some((stay) => stay.file === file), steps: [name] });
  }
  return found;
}
