/** The kinds of steps from one situation to the next. */
import type { World } from "./world.ts";

export type StepKind =
  | "acquire"
  | "look"
  | "write-intent"
  | "intent-unacknowledged"
  | "adopt"
  | "yield"
  | "send"
  | "process"
  | "commit"
  | "keep"
  | "commit-kept"
  | "refuse"
  | "refuse-and-retry"
  | "time-out"
  | "abandon"
  | "abandon-unacknowledged"
  | "read"
  | "reject"
  | "suspect"
  | "clear"
  | "process-late"
  | "drop"
  | "expire"
  | "crash"
  | "fail-over"
  | "foreign"
  | "reset"
  | "tick";

export interface Step {
  readonly kind: StepKind;
  /** The process that makes the step; undefined: a step of the store, the platform or time. */
  readonly process?: number;
}

/** A step and the situation after it. `broken` describes the invariant that it violates. */
export interface Successor {
  readonly step: Step;
  readonly world: World;
  readonly broken: string | undefined;
}

export type Emit = (step: Step, world: World, broken?: string) => void;
