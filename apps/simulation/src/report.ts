/** The report of a simulation: one object for machines, a few lines for people. */
import type { SeedResult } from "./worker-pool.ts";
import { replayCommand, type Options } from "./options.ts";
import { addMetrics, emptyMetrics, type Metrics } from "./audit/metrics.ts";

export interface Summary {
  readonly seeds: number;
  readonly hours: number;
  readonly nodes: number;
  readonly faults: number;
  readonly violations: readonly { readonly seed: number; readonly promise: string }[];
  /** Requests to the platform per refresh cycle: from one commit to the next that was due. */
  readonly fetchesPerLifetime: number;
  /** First attempts of business calls that the platform refused, per million. */
  readonly refusedPpm: number;
  /** Calls that failed while no injected fault excused them. */
  readonly failedCalls: number;
  /**
   * The share of calls that failed with an injected fault as excuse, and the share that ended while
   * one was in force. The second is never smaller.
   */
  readonly excusedShare: number;
  readonly injectedShare: number;
  /** The longest that a call waited without an injected fault, in ms. */
  readonly slowestCallMs: number;
  readonly worstOutageMs: number;
  readonly commandsPerNodeHour: number;
  readonly simulatedHoursPerSecond: number;
}

const hourMs = 3_600_000;

export class Report {
  readonly #options: Options;
  readonly #metrics: Metrics = emptyMetrics();
  readonly #violations: { readonly seed: number; readonly promise: string }[] = [];
  #seeds = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Adds the result of one seed. Returns the text of its violation, if it has one. */
  add(result: SeedResult): string | undefined {
    this.#seeds += 1;
    addMetrics(this.#metrics, result.metrics);
    const { seed, differs, violations } = result;
    for (const promise of new Set(violations.map((violation) => violation.promise)))
      this.#violations.push({ seed, promise });
    if (differs) this.#violations.push({ seed, promise: "repeatability" });
    const [first] = violations;
    if (first === undefined && !differs) return undefined;
    return [
      "",
      first === undefined
        ? `Seed ${seed}: the second run had another trace.`
        : `Seed ${seed} breaks promise ${first.promise}: ${first.what}.`,
      ...(first === undefined ? [] : [first.trace]),
      `Its faults: ${result.description}.`,
      `Replay: ${replayCommand(this.#options, seed, result.scenarios)}`,
    ].join("\n");
  }

  summary(tookMs: number): Summary {
    const { hours, nodes, faults } = this.#options;
    const metrics = this.#metrics;
    return {
      seeds: this.#seeds,
      hours,
      nodes,
      faults,
      violations: this.#violations.toSorted((one, other) => one.seed - other.seed),
      fetchesPerLifetime: rounded(metrics.fetches / metrics.lifetimes, 4),
      refusedPpm: rounded((1e6 * metrics.refusedFirst) / Math.max(1, metrics.calls), 1),
      failedCalls: metrics.failed,
      excusedShare: rounded(metrics.excused / Math.max(1, metrics.ended), 6),
      injectedShare: rounded(metrics.hit / Math.max(1, metrics.ended), 6),
      slowestCallMs: Math.round(metrics.slowestMs),
      worstOutageMs: Math.round(metrics.worstOutageMs),
      commandsPerNodeHour: rounded(metrics.commands / (metrics.nodeMs / hourMs), 2),
      simulatedHoursPerSecond: rounded((this.#seeds * hours) / (tookMs / 1000), 1),
    };
  }

  text(tookMs: number): string {
    const { nodes, hours, faults, ...measured } = this.summary(tookMs);
    return [
      "",
      `${measured.seeds} seeds × ${hours} h × ${nodes} nodes, faults ×${faults}, in ${(tookMs / 1000).toFixed(1)} s`,
      `  violations              ${measured.violations.length}`,
      `  fetches per lifetime    ${measured.fetchesPerLifetime}`,
      `  refused first attempts  ${measured.refusedPpm} ppm of ${this.#metrics.calls} calls`,
      `  failed calls            ${measured.failedCalls}; ${percent(measured.excusedShare)} were excused by an injected fault; faults were in force for ${percent(measured.injectedShare)}`,
      `  slowest call            ${(measured.slowestCallMs / 1000).toFixed(1)} s without an injected fault`,
      `  worst outage            ${(measured.worstOutageMs / 1000).toFixed(1)} s without an injected fault`,
      `  commands per node-hour  ${measured.commandsPerNodeHour}`,
      `  speed                   ${measured.simulatedHoursPerSecond} simulated hours per second, ${rounded(measured.simulatedHoursPerSecond * nodes, 0)} node-hours`,
    ].join("\n");
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(3)} %`;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
