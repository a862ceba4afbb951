/** Searches all situations of two environments breadth first, so that a counterexample is short. */
import { claimSuccessors } from "./steps.ts";
import { claimStart, tickMs, type ClaimModel, type ClaimWorld } from "./model.ts";

export interface ClaimOutcome {
  readonly states: number;
  readonly depth: number;
  /** One line for each step, and the violated invariant at the end. */
  readonly counterexample: readonly string[] | undefined;
}

interface Reached {
  readonly world: ClaimWorld;
  readonly from: Reached | undefined;
  readonly step: string;
}

/** Ends at the first violation, or when there is no new situation. */
export function searchClaims(model: ClaimModel): ClaimOutcome {
  const origin = claimStart(model);
  const visited = new Set([canonical(origin)]);
  let level: Reached[] = [{ world: origin, from: undefined, step: "" }];
  let depth = 0;
  for (; level.length > 0; depth += 1) {
    const next: Reached[] = [];
    for (const reached of level) {
      for (const { step, world, broken } of claimSuccessors(model, reached.world)) {
        const successor = { world, from: reached, step };
        if (broken !== undefined)
          return { states: visited.size, depth, counterexample: linesOf(successor, broken) };
        const form = canonical(world);
        if (visited.has(form)) continue;
        visited.add(form);
        next.push(successor);
      }
    }
    level = next;
  }
  return { states: visited.size, depth, counterexample: undefined };
}

function linesOf(last: Reached, broken: string): string[] {
  const steps: string[] = [];
  for (let each: Reached | undefined = last; each?.from !== undefined; each = each.from)
    steps.unshift(each.step);
  return [
    ...steps.map((step, index) => `${String(index + 1).padStart(3)}. ${step}`),
    `     ${broken}`,
  ];
}

const ranked = new Set(["sinceMs", "sentAtMs"]);

/**
 * Returns the same text for situations that behave alike. Instants that order claims keep only
 * their order. Other instants keep their distance in ticks. Of a version it matters only whether a
 * process has the present one.
 */
function canonical(world: ClaimWorld): string {
  const instants = new Set<number>();
  const ranks = new Set<number>();
  JSON.stringify(world, (key, value: unknown) => {
    if (ranked.has(key) && typeof value === "number") instants.add(value);
    if (key === "rank" && typeof value === "number") ranks.add(value);
    return value;
  });
  const order = placesOf(instants);
  const rankOrder = placesOf(ranks);
  const { nowMs, version } = world;
  // Processes of one environment are interchangeable.
  const processes = world.processes.map((each) => text(each)).toSorted();
  return [text({ ...world, processes: [] }), ...processes].join();

  function text(part: unknown): string {
    return JSON.stringify(part, (key, value: unknown) => {
      if (typeof value !== "number") return value;
      if (ranked.has(key)) return order.get(value);
      if (key === "rank") return rankOrder.get(value);
      if (key === "ranks" || key === "versions") return undefined;
      if (key === "version") return value === version ? 0 : value === 0 ? 1 : 2;
      return key.endsWith("Ms") ? Math.max(-9, Math.floor((value - nowMs) / tickMs)) : value;
    });
  }
}

function placesOf(values: ReadonlySet<number>): Map<number, number> {
  return new Map([...values].toSorted((one, other) => one - other).map((value, i) => [value, i]));
}
