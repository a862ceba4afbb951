/**
 * Judges the report of a mutation run: every mutant must be killed, or be in the list of survivors
 * with the reason why it may survive.
 */

/** The part of the mutation-testing report schema that is read. */
export interface MutationReport {
  readonly files: Readonly<
    Record<string, { readonly source: string; readonly mutants: readonly ReportedMutant[] }>
  >;
}

export interface ReportedMutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly location: { readonly start: Position; readonly end: Position };
}

/** Both count from 1. */
interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * One surviving mutant. It is identified by its text, so that it keeps its name when lines move.
 */
export interface Survivor {
  readonly file: string;
  /** The line where it begins, without its indentation. */
  readonly line: string;
  /** The original text, and the mutant's text. */
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

export interface Score {
  readonly killed: number;
  readonly all: number;
  /** In percent. Uncovered mutants count as survivors. */
  readonly percent: number;
  /** The files, in the report's order. */
  readonly files: readonly {
    readonly file: string;
    readonly killed: number;
    readonly all: number;
  }[];
  /** Survivors with a reason. */
  readonly listed: readonly Survivor[];
  readonly unlisted: readonly Omit<Survivor, "reason">[];
  /** Listed, but killed, or made no more: an entry must not outlive its reason. */
  readonly outdated: readonly Survivor[];
}

const dead = new Set(["Killed", "Timeout"]);
/** Not run: made at load time, which only the nightly run tries. */
const ignored = new Set(["Ignored"]);

export function scoreOf(report: MutationReport, survivors: readonly Survivor[]): Score {
  const made = Object.entries(report.files).flatMap(([file, { source, mutants }]) =>
    mutants.map((mutant) => ({ name: named(file, source, mutant), status: mutant.status })),
  );
  const judged = made
    .filter(({ status }) => !ignored.has(status))
    .map(({ name, status }) => ({ name, isDead: dead.has(status) }));
  const living = judged.filter(({ isDead }) => !isDead).map(({ name }) => name);
  const listed = new Map(survivors.map((survivor) => [keyOf(survivor), survivor]));
  const alive = new Set(living.map(keyOf));
  const mayLive = new Set([
    ...alive,
    ...made.filter(({ status }) => ignored.has(status)).map(({ name }) => keyOf(name)),
  ]);
  const killed = judged.length - living.length;
  return {
    killed,
    all: judged.length,
    files: Object.keys(report.files).map((file) => {
      const own = judged.filter(({ name }) => name.file === file);
      return { file, killed: own.filter(({ isDead }) => isDead).length, all: own.length };
    }),
    listed: survivors.filter((survivor) => alive.has(keyOf(survivor))),
    percent: shareOf({ killed, all: judged.length }),
    unlisted: living.filter((name) => !listed.has(keyOf(name))),
    outdated: survivors.filter(
      (survivor) => survivor.file in report.files && !mayLive.has(keyOf(survivor)),
    ),
  };
}

/** In percent. 0 without mutants. */
function shareOf({ killed, all }: { readonly killed: number; readonly all: number }): number {
  return all === 0 ? 0 : (100 * killed) / all;
}

/** The printed report: the survivors, each file's score, and the total. */
export function linesOf({
  killed,
  all,
  files,
  listed,
  percent,
  unlisted,
  outdated,
}: Score): string[] {
  return [
    ...listed.map(
      ({ file, from, to, reason }) =>
        `lives with a reason: ${file}\n    - ${from}\n    + ${to}\n    ${reason}`,
    ),
    ...unlisted.map(
      ({ file, line, from, to }) => `lives: ${file}\n    ${line}\n    - ${from}\n    + ${to}`,
    ),
    ...outdated.map(
      ({ file, from, to }) => `listed, but dead or gone: ${file}\n    - ${from}\n    + ${to}`,
    ),
    ...files.map(
      (each) =>
        `${shareOf(each).toFixed(1).padStart(6)} %  ${each.file} (${each.killed} of ${each.all})`,
    ),
    `mutation score: ${percent.toFixed(1)} % (${killed} of ${all} mutants killed; ${listed.length} live with a reason, ${unlisted.length} without)`,
  ];
}

function named(
  file: string,
  source: string,
  { location: { start, end }, mutatorName, replacement }: ReportedMutant,
): Omit<Survivor, "reason"> {
  const lines = source.split("\n");
  const first = lines[start.line - 1] ?? "";
  const from =
    start.line === end.line
      ? first.slice(start.column - 1, end.column - 1)
      : [
          first.slice(start.column - 1),
          ...lines.slice(start.line, end.line - 1),
          (lines[end.line - 1] ?? "").slice(0, end.column - 1),
        ].join("\n");
  return { file, line: first.trim(), from: short(from), to: short(replacement ?? mutatorName) };
}

function short(text: string): string {
  return text.replaceAll(/\s+/g, " ").slice(0, 120);
}

function keyOf({ file, line, from, to }: Omit<Survivor, "reason">): string {
  return JSON.stringify([file, line, from, to]);
}
