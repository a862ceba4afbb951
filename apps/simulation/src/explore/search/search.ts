/**
 * Searches all situations breadth first, so that the first violation has the shortest
 * counterexample.
 */
import { CanonicalForm } from "./canonical-form.ts";
import { start, type Model } from "../model/model.ts";
import type { Step } from "../model/step.ts";
import { successors } from "../steps/successors.ts";
import { Visited } from "./visited.ts";
import type { World } from "../model/world.ts";

export interface Violation {
  readonly broken: string;
  readonly trace: readonly TraceStep[];
}

/** One step of a counterexample, with the situations before and after it. */
export interface TraceStep {
  readonly step: Step;
  readonly before: World;
  readonly after: World;
}

export interface Outcome {
  readonly states: number;
  /** The number of steps to the farthest situation. */
  readonly depth: number;
  readonly violation: Violation | undefined;
}

/**
 * The situation from which each situation was first reached, and the number of the step. Every path
 * can be replayed from them.
 */
class Paths {
  #from: Int32Array = new Int32Array(1 << 16);
  #by: Uint8Array = new Uint8Array(1 << 16);
  #size = 0;

  add(from: number, by: number): number {
    if (this.#size === this.#from.length) {
      const [from, by] = [this.#from, this.#by];
      this.#from = new Int32Array(from.length * 2);
      this.#from.set(from);
      this.#by = new Uint8Array(by.length * 2);
      this.#by.set(by);
    }
    this.#from[this.#size] = from;
    this.#by[this.#size] = by;
    this.#size += 1;
    return this.#size - 1;
  }

  /** Returns the choices that lead from the start to `at`. */
  to(at: number): number[] {
    const choices: number[] = [];
    for (let i = at; i > 0; i = this.#from[i] ?? 0) choices.push(this.#by[i] ?? 0);
    return choices.toReversed();
  }
}

export interface SearchOptions {
  /** Stops without a verdict after this many situations. */
  readonly statesMax?: number;
}

/** Ends at the first violation, or when there is no new situation. */
export function search(
  model: Model,
  { statesMax = Number.POSITIVE_INFINITY }: SearchOptions = {},
): Outcome {
  const canonicalForm = new CanonicalForm(model);
  const visited = new Visited();
  const paths = new Paths();
  const origin = start(model);
  canonicalForm.digest(origin);
  visited.add(canonicalForm.low, canonicalForm.high);
  let level: { world: World; path: number }[] = [{ world: origin, path: paths.add(0, 0) }];
  let depth = 0;
  for (; level.length > 0 && visited.size < statesMax; depth += 1) {
    const next: typeof level = [];
    for (const { world, path } of level) {
      const all = successors(model, world);
      for (let choice = 0; choice < all.length; choice += 1) {
        const successor = all[choice];
        if (successor === undefined) continue;
        if (successor.broken !== undefined) {
          return {
            states: visited.size,
            depth,
            violation: {
              broken: successor.broken,
              trace: replay(model, [...paths.to(path), choice]),
            },
          };
        }
        canonicalForm.digest(successor.world);
        if (visited.add(canonicalForm.low, canonicalForm.high))
          next.push({ world: successor.world, path: paths.add(path, choice) });
      }
    }
    level = next;
  }
  return { states: visited.size, depth, violation: undefined };
}

function replay(model: Model, choices: readonly number[]): TraceStep[] {
  let before = start(model);
  return choices.map((choice) => {
    const successor = successors(model, before)[choice];
    if (successor === undefined)
      throw new Error("The successors of a situation are always the same, in the same order.");
    const traceStep = { step: successor.step, before, after: successor.world };
    before = successor.world;
    return traceStep;
  });
}
