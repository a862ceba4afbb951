/**
 * The plan of one run: its fleet, its platform and its fault rates. It is drawn from the seed
 * before the run starts, and scenarios change it.
 */
import type { OnConflict, Parameters } from "@lingpai/core";
import { noFaults, faultRatesOf, type FaultRates } from "./fault-rates.ts";
import type { Kind } from "../platform/wechat.ts";
import type { Draw } from "../world/chance.ts";

/** The settings of a run that its plan depends on. */
export interface PlanSettings {
  readonly nodes: number;
  /** How strong the faults are: 0 none, 1 usual. */
  readonly faults: number;
  /** True if faults are drawn beyond those of the reference figures. */
  readonly wild: boolean;
  /** Whether the store pushes changes; undefined: drawn from the seed. */
  readonly push: boolean | undefined;
  readonly callEveryMs: number;
  readonly parameters?: Partial<Parameters>;
}

export interface NodePlan {
  environment: string;
  role: "owner" | "consumer";
  onConflict: OnConflict | undefined;
  parameters: Partial<Parameters>;
  /** True if it runs a later release, which writes fields that the others do not know. */
  isLaterRelease: boolean;
  /**
   * True if another environment claimed the AppID before. Then its own setting may forbid it to
   * fetch.
   */
  isLaterClaimant: boolean;
  /** When it starts, in ms since the start of the run. */
  startsAtMs: number;
}

export interface Plan {
  kind: Kind;
  /** How long a superseded token still works. */
  overlapMs: number;
  quotaPerDay: number;
  pushesChanges: boolean;
  standalone: "never" | "when-harmless" | "always";
  rates: FaultRates;
  nodes: NodePlan[];
  /** True if each node also keeps a ticket, which it obtains with its token. */
  hasTickets: boolean;
  /** The share of business calls that go to an API that refuses every token. */
  refusedPathShare: number;
  callEveryMs: number;
  /** The time without callers, in ms since the start of the run. */
  idle: { readonly fromMs: number; readonly untilMs: number } | undefined;
}

/** The daily quotas: ample in most runs, small in some. */
const quotas = [2_000, 2_000, 2_000, 200, 40];
/** The nodes of a fleet start one after the other within this time. */
const startsWithinMs = 60_000;
export const overlapMs = 300_000;

/** Plans a run without scenarios: it has random faults only. */
export function randomFaultsPlan(settings: PlanSettings, draw: Draw): Plan {
  const { nodes: count, faults, wild } = settings;
  const isWild = wild && faults > 0;
  const quotaPerDay = isWild ? (quotas[draw("cap").whole(0, quotas.length - 1)] ?? 2_000) : 2_000;
  const rates = faultRatesOf(draw("weather"), faults, wild);
  const hasConsumer = isWild && count > 1 && draw("consumer").happens(0.25);
  return {
    kind: isWild && draw("kind").happens(0.2) ? "stable" : "plain",
    overlapMs,
    quotaPerDay,
    pushesChanges: settings.push ?? draw("push").happens(0.75),
    standalone: "never",
    rates,
    nodes: nodePlans(settings, hasConsumer),
    hasTickets: isWild && draw("tickets").happens(0.1),
    refusedPathShare: 0,
    callEveryMs: settings.callEveryMs,
    idle: undefined,
  };
}

/**
 * Plans a run with scenarios. Half of these runs have no other fault; the other half also have the
 * five faults of the reference figures.
 */
export function scenarioPlan(settings: PlanSettings, draw: Draw): Plan {
  const isQuiet = draw("quiet").happens(0.5);
  return {
    kind: "plain",
    overlapMs,
    quotaPerDay: 2_000,
    pushesChanges: settings.push ?? draw("push").happens(0.75),
    standalone: "never",
    rates: isQuiet
      ? { ...noFaults, longCall: settings.faults > 0 ? 0.02 : 0 }
      : faultRatesOf(draw("weather"), settings.faults, false),
    nodes: nodePlans(settings, false),
    hasTickets: false,
    refusedPathShare: 0,
    callEveryMs: settings.callEveryMs,
    idle: undefined,
  };
}

function nodePlans({ nodes: count, parameters }: PlanSettings, hasConsumer: boolean): NodePlan[] {
  return Array.from({ length: count }, (_, index) => ({
    environment: "production",
    role: hasConsumer && index === count - 1 ? "consumer" : "owner",
    onConflict: undefined,
    parameters: { fleetSize: count, ...parameters },
    isLaterRelease: false,
    isLaterClaimant: false,
    startsAtMs: (index / count) * startsWithinMs,
  }));
}
