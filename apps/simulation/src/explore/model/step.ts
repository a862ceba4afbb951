/** One thing that can happen next. */
import type { World } from "./world.ts";

export type StepKind =
  | "acquire"
  | "look"
  | "announce"
  | "announce-unheard"
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
  | "abandon-unheard"
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
  | "tick";

export interface Step {
  readonly kind: StepKind;
  /** Whose step it is; undefined when it is the store's, the platform's or time's. */
  readonly process?: number;
}

/** A step and where it leads. `broken` names the invariant that it violates, and how. */
export interface Successor {
  readonly step: Step;
  readonly world: World;
  readonly broken: string | undefined;
}

export type Emit = (step: Step, world: World, broken?: string) => void;
