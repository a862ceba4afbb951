/** Determines which backend kills which mutants by which clause, daily or nightly. */
import type { Backend } from "../backend.ts";
import type { Clause } from "../clause.ts";
import { heldDaily, heldNightly, restOf } from "../runner/daily.ts";
import type { Mutant } from "../mutants/mutant.ts";
import { titleOf } from "./summary.ts";

type Killers = Pick<Mutant, "name" | "caughtBy">;

/**
 * Returns the mutants that a backend kills nightly, and that no backend with the same drivers and
 * the same kind of server kills daily. Each is one line.
 */
export function lostDaily(
  backends: readonly Backend[],
  clauses: readonly Clause[],
  mutants: readonly Killers[],
): readonly string[] {
  return backends
    .filter(({ daily }) => daily !== undefined)
    .flatMap((backend) => {
      const rest = restOf(backend, backends);
      if (rest === undefined) return [`${titleOf(backend)}: there is no "${restNameOf(backend)}"`];
      const nightly = new Set(heldNightly(backend, clauses));
      const daily = new Set([...heldDaily(backend, clauses), ...heldDaily(rest, clauses)]);
      const unheld = [...nightly]
        .filter((id) => !daily.has(id))
        .map((id) => `${titleOf(backend)}: ${id} runs nightly only`);
      const isKilled = ({ caughtBy }: Killers, by: ReadonlySet<string>): boolean =>
        caughtBy.some((id) => by.has(id));
      const survivors = mutants.filter(
        (mutant) => isKilled(mutant, nightly) && !isKilled(mutant, daily),
      );
      return [
        ...unheld,
        ...survivors.map(({ name }) => `${titleOf(backend)}: "${name}" is killed nightly only`),
      ];
    });
}

/**
 * One line for each clause with the number of mutants that it kills, and one column for each
 * backend, numbered in the legend above.
 */
export function killTable(
  backends: readonly Backend[],
  clauses: readonly Clause[],
  mutants: readonly Killers[],
): string {
  const columns = backends.map((backend) => ({
    daily: heldDaily(backend, clauses),
    nightly: new Set(heldNightly(backend, clauses)),
  }));
  const legend = backends.map((backend, index) => {
    const rest = backend.daily && `; what is nightly here is daily on ${restNameOf(backend)}`;
    return `${label(index)} ${titleOf(backend)}${rest ?? ""}`;
  });
  const lines = clauses.map(({ id, title }) => {
    const kills = mutants.filter(({ caughtBy }) => caughtBy.includes(id)).length;
    const cells = columns.map(({ daily, nightly }) =>
      daily.has(id) ? " ●" : nightly.has(id) ? " ○" : " ·",
    );
    return `${id.padEnd(11)}${String(kills).padStart(5)}  ${cells.join(" ")}  ${title}`;
  });
  const count = (of: "daily" | "nightly"): number =>
    columns.reduce((sum, column) => sum + column[of].size, 0);
  const lost = lostDaily(backends, clauses, mutants);
  return [
    ...legend,
    "",
    `${"".padEnd(11)}kills  ${columns.map((_, index) => label(index)).join(" ")}`,
    ...lines,
    "",
    "● daily   ○ nightly only   · does not apply, or is waived",
    `${count("daily")} combinations run daily and ${count("nightly")} only nightly, of ${mutants.length} mutants ${lost.length === 0 ? "each that these kill is killed daily by the same drivers on the same kind of server" : "these are lost daily:"}.`,
    ...lost,
  ].join("\n");
}

function label(index: number): string {
  return String(index + 1).padStart(2);
}

function restNameOf({ daily }: Backend): string {
  return [daily?.restByAdapter, daily?.restBy].filter(Boolean).join(" on ");
}
