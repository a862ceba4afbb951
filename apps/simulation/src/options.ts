/** The command line of the simulation. */
import { parseArgs } from "node:util";
import { ConfigurationError } from "@lingpai/core";
import { scenarioNamed } from "./scenario/scenarios.ts";

export interface Options {
  /** The number of seeds, and the first of them. */
  readonly seeds: number;
  readonly seed: number;
  readonly nodes: number;
  readonly hours: number;
  /** How strong the faults are: 0 none, 1 those of the reference figures. */
  readonly faults: number;
  /** Only the five faults of the reference figures. */
  readonly referenceOnly: boolean;
  /** Whether the store pushes changes. Undefined: drawn for each seed. */
  readonly push: boolean | undefined;
  readonly reports: boolean;
  /** Runs every seed twice and compares the two traces. */
  readonly twice: boolean;
  readonly callEveryMs: number;
  readonly workers: number | undefined;
  readonly json: boolean;
  /** The scenarios of every seed; undefined: drawn for each. */
  readonly scenarios: readonly string[] | undefined;
}

export const usage = `pnpm simulate [options]

  --seeds N        run N seeds (default 100)
  --seed S         the first of them (default 1)
  --nodes N        nodes of the fleet (default 3)
  --hours H        simulated hours (default 20)
  --faults X       how often requests are slow or unanswered, processes crash or pause, and the store fails over:
                   0 never, 1 as in the reference figures, 5 severe (default 1). Other faults are drawn for each seed.
  --reference      only those five
  --scenario NAME  the scenario of every seed, or several: given more than once (default: drawn; "none": random faults only)
  --push on|off    whether the store pushes changes (default: drawn for each seed)
  --silent         callers do not report refused calls
  --call-every S   seconds between two calls of a node, on average (default 10)
  --twice          run every seed twice and compare the traces
  --workers N      threads (default: one for each processor)
  --json           print one JSON object
`;

/** @throws {ConfigurationError} an option is unknown or out of range. */
export function optionsFrom(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== "--"),
    options: {
      seeds: { type: "string", default: "100" },
      seed: { type: "string", default: "1" },
      nodes: { type: "string", default: "3" },
      hours: { type: "string", default: "20" },
      faults: { type: "string", default: "1" },
      reference: { type: "boolean", default: false },
      push: { type: "string" },
      silent: { type: "boolean", default: false },
      "call-every": { type: "string", default: "10" },
      twice: { type: "boolean", default: false },
      workers: { type: "string" },
      json: { type: "boolean", default: false },
      scenario: { type: "string", multiple: true },
    },
  });
  if (values.push !== undefined && values.push !== "on" && values.push !== "off")
    throw new ConfigurationError("--push takes on or off.");
  return {
    seeds: number("seeds", values.seeds, { low: 1, whole: true }),
    seed: number("seed", values.seed, { low: 0, whole: true }),
    nodes: number("nodes", values.nodes, { low: 1, whole: true }),
    hours: number("hours", values.hours, { low: 0.1 }),
    faults: number("faults", values.faults, { low: 0 }),
    referenceOnly: values.reference,
    push: values.push === undefined ? undefined : values.push === "on",
    reports: !values.silent,
    twice: values.twice,
    callEveryMs: 1000 * number("call-every", values["call-every"], { low: 0.01 }),
    workers:
      values.workers === undefined
        ? undefined
        : number("workers", values.workers, { low: 1, whole: true }),
    json: values.json,
    scenarios: values.scenario
      ?.filter((name) => name !== "none")
      .map((name) => scenarioNamed(name).name),
  };
}

/** Returns the command that runs one of these seeds again. */
export function replayCommand(
  options: Options,
  seed: number,
  scenarios: readonly string[] = [],
): string {
  const { nodes, hours, faults, referenceOnly, push, reports, callEveryMs } = options;
  return [
    `pnpm simulate --seeds 1 --seed ${seed} --nodes ${nodes} --hours ${hours} --faults ${faults}`,
    ...(referenceOnly ? ["--reference"] : []),
    ...(push === undefined ? [] : [`--push ${push ? "on" : "off"}`]),
    ...(reports ? [] : ["--silent"]),
    ...(referenceOnly || faults === 0
      ? []
      : (scenarios.length === 0 ? ["none"] : scenarios).map((name) => `--scenario ${name}`)),
    ...(callEveryMs === 10_000 ? [] : [`--call-every ${callEveryMs / 1000}`]),
  ].join(" ");
}

function number(
  name: string,
  text: string,
  { low, whole = false }: { readonly low: number; readonly whole?: boolean },
): number {
  const value = Number(text);
  if (
    text.trim() !== "" &&
    Number.isFinite(value) &&
    value >= low &&
    (!whole || Number.isSafeInteger(value))
  )
    return value;
  throw new ConfigurationError(
    `--${name} takes a ${whole ? "whole " : ""}number from ${low}, not ${JSON.stringify(text)}.`,
  );
}
