/** What one world is built from, drawn from its seed before anything runs. Scenarios change it. */
import type { OnConflict, Parameters } from "@lingpai/core";
import { calm, weatherOf, type Weather } from "./fault-rates.ts";
import type { Kind } from "../platform/wechat.ts";
import type { Draw, RunSettings } from "../cluster/cluster.ts";

export interface NodePlan {
  environment: string;
  role: "owner" | "consumer";
  onConflict: OnConflict | undefined;
  parameters: Partial<Parameters>;
  /**
   * Whether it runs a later release, which writes fields and reasons that the others do not know.
   */
  isLaterRelease: boolean;
  /**
   * Whether another environment has claimed the credential before: its own setting may refuse it.
   */
  isLaterClaimant: boolean;
  /** When it starts, counted from the world's beginning. */
  startsAtMs: number;
}

export interface Plan {
  kind: Kind;
  /** How long the platform honours a superseded token. */
  overlapMs: number;
  quotaPerDay: number;
  pushesChanges: boolean;
  standalone: "never" | "when-harmless";
  rates: Weather;
  nodes: NodePlan[];
  /** Whether each node also keeps a ticket, which is asked for with the token. */
  hasTickets: boolean;
  /** Of the business calls: to an API that refuses every token. */
  refusedPathShare: number;
  callEveryMs: number;
  /** When there are no callers, counted from the world's beginning. */
  idle: { readonly fromMs: number; readonly untilMs: number } | undefined;
}

/** What the ledger allows in most worlds, and in some that hold it short. */
const quotas = [2_000, 2_000, 2_000, 200, 40];
/** Nodes of a fleet start one after the other, within this time. */
const startsWithinMs = 60_000;
export const overlapMs = 300_000;

/** A world without scenarios: only random faults. */
export function randomFaultsPlan(settings: RunSettings, draw: Draw): Plan {
  const { nodes: count, faults, wild } = settings;
  const isWild = wild && faults > 0;
  const quotaPerDay = isWild ? (quotas[draw("cap").whole(0, quotas.length - 1)] ?? 2_000) : 2_000;
  const rates = weatherOf(draw("weather"), faults, wild);
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
 * A world for scenarios: half of them have no other fault, the other half the five of the reference
 * figures.
 */
export function scenarioPlan(settings: RunSettings, draw: Draw): Plan {
  const isQuiet = draw("quiet").happens(0.5);
  return {
    kind: "plain",
    overlapMs,
    quotaPerDay: 2_000,
    pushesChanges: settings.push ?? draw("push").happens(0.75),
    standalone: "never",
    rates: isQuiet
      ? { ...calm, longCall: settings.faults > 0 ? 0.02 : 0 }
      : weatherOf(draw("weather"), settings.faults, false),
    nodes: nodePlans(settings, false),
    hasTickets: false,
    refusedPathShare: 0,
    callEveryMs: settings.callEveryMs,
    idle: undefined,
  };
}

function nodePlans({ nodes: count, parameters }: RunSettings, hasConsumer: boolean): NodePlan[] {
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
