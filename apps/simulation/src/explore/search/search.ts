/** Breadth first over every situation, so that the first violation found has the shortest story. */
import { Canon } from "./canonical-form.ts";
import { start, type Model } from "../model/model.ts";
import type { Step } from "../model/step.ts";
import { successors } from "../steps/successors.ts";
import { Visited } from "./visited.ts";
import type { World } from "../model/world.ts";

export interface Violation {
  readonly broken: string;
  readonly trace: readonly Moment[];
}

/** One step of a story, and what it led to. */
export interface Moment {
  readonly step: Step;
  readonly before: World;
  readonly after: World;
}

export interface Outcome {
  readonly states: number;
  /** How many steps the longest shortest way has. */
  readonly depth: number;
  readonly violation: Violation | undefined;
}

/**
 * Where each situation was first reached from, and by which of the successors; enough to tell every
 * story again.
 */
class Ways {
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

  /** The choices that lead from the start to `at`. */
  to(at: number): number[] {
    const choices: number[] = [];
    for (let i = at; i > 0; i = this.#from[i] ?? 0) choices.push(this.#by[i] ?? 0);
    return choices.toReversed();
  }
}

export interface SearchOptions {
  /** Stops, without a verdict, after so many situations. */
  readonly statesMax?: number;
}

/** Ends at the first violation, or when nothing new can happen. */
export function search(
  model: Model,
  { statesMax = Number.POSITIVE_INFINITY }: SearchOptions = {},
): Outcome {
  const canon = new Canon(model);
  const visited = new Visited();
  const ways = new Ways();
  const origin = start(model);
  canon.digest(origin);
  visited.add(canon.low, canon.high);
  let level: { world: World; way: number }[] = [{ world: origin, way: ways.add(0, 0) }];
  let depth = 0;
  for (; level.length > 0 && visited.size < statesMax; depth += 1) {
    const next: typeof level = [];
    for (const { world, way } of level) {
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
              trace: replay(model, [...ways.to(way), choice]),
            },
          };
        }
        canon.digest(successor.world);
        if (visited.add(canon.low, canon.high))
          next.push({ world: successor.world, way: ways.add(way, choice) });
      }
    }
    level = next;
  }
  return { states: visited.size, depth, violation: undefined };
}

function replay(model: Model, choices: readonly number[]): Moment[] {
  let before = start(model);
  return choices.map((choice) => {
    const successor = successors(model, before)[choice];
    if (successor === undefined)
      throw new Error("The successors of a situation are always the same, in the same order.");
    const moment = { step: successor.step, before, after: successor.world };
    before = successor.world;
    return moment;
  });
}
