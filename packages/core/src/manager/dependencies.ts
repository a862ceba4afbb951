/** The parts that the background works with. */
import type { DocumentSource } from "../fleet/document-source.ts";
import type { CircuitBreaker } from "../refresh/circuit-breaker.ts";
import type { Demand } from "../refresh/demand.ts";
import type { LazyWeakSet } from "../refresh/lazy-weak-set.ts";
import type { RefusalJudge } from "./refusal-judge.ts";
import type { SingleFlight } from "./single-flight.ts";

export interface BackgroundDependencies {
  readonly source: DocumentSource;
  readonly singleFlight: SingleFlight;
  readonly breaker: CircuitBreaker;
  readonly refusals: RefusalJudge;
  readonly demand: Demand;
  /** Errors that the parent threw. */
  readonly parentErrors: Pick<LazyWeakSet<object>, "has">;
}
