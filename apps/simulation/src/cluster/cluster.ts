/** Builds one simulated cluster: its nodes, store, platform, workload, faults and auditors. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { eventChannelName, type CredentialEvent } from "@lingpai/core";
import { seededRandom } from "@lingpai/core/testing";
import { Auditor } from "../audit/auditor.ts";
import { AvailabilityAudit, ownerReadsEveryMs } from "../audit/availability-audit.ts";
import { DocumentAudit } from "../audit/document-audit.ts";
import { FaultLedger } from "../audit/fault-ledger.ts";
import { FetchAudit } from "../audit/fetch-audit.ts";
import { emptyMetrics } from "../audit/metrics.ts";
import { TicketAudit } from "../audit/ticket-audit.ts";
import { injectIntoLeaseHolder, startFaultInjector } from "../faults/fault-injector.ts";
import type { FaultTarget } from "../faults/fault-target.ts";
import { Network } from "../faults/network.ts";
import { noFaults, type FaultRates } from "../plan/fault-rates.ts";
import { FleetNode, type FleetContext } from "../fleet/fleet-node.ts";
import { overlapMs, randomFaultsPlan, scenarioPlan, type Plan } from "../plan/plan.ts";
import type { RequestDelivery } from "../platform/request-delivery.ts";
import { isTicket, ticketOf, Tickets } from "../platform/tickets.ts";
import { appId, lifetimeMs, Wechat } from "../platform/wechat.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { scenariosOf } from "../scenario/scenarios.ts";
import { Primary } from "../store/primary.ts";
import type { Executed } from "../store/store-link.ts";
import { Chance, type Draw } from "../world/chance.ts";
import type { Process } from "../world/process.ts";
import { World } from "../world/world.ts";
import { CommandRate } from "./command-rate.ts";
import type { RunSettings } from "./run-settings.ts";
import { Workload, type WorkloadOptions } from "./workload.ts";

export const hourMs = 3_600_000;
const traceLinesMax = 400;
const leaseMs = 10_000;

export class Cluster implements FaultTarget {
  readonly world: World;
  readonly nodes: readonly FleetNode[];
  readonly wechat: Wechat;
  readonly tickets: Tickets | undefined;
  readonly auditor: Auditor;
  readonly documents: DocumentAudit;
  readonly fetches: FetchAudit;
  readonly faults: FaultLedger;
  readonly availability: AvailabilityAudit;
  readonly network: Network;
  readonly chance: Chance;
  readonly store: { primary: Primary };
  readonly workloads: readonly Workload[];
  readonly scenarios: readonly Scenario[];
  readonly plan: Plan;
  readonly startMs: number;
  readonly operatedAtMs: number[] = [];
  rates: FaultRates;
  /**
   * True if no system outside the fleet fetches, and no request is later than the drain allows.
   * Then the fleet converges although no caller reports a refusal.
   */
  readonly convergesWithoutReports: boolean;
  readonly #draw: Draw;
  readonly #commandRate: CommandRate;

  constructor(settings: RunSettings) {
    const { seed, mutant } = settings;
    // The labels of the random streams never change: a new label would change every seed.
    const draw: Draw = (what) => new Chance(seededRandom(`${seed}/${what}`));
    this.#draw = draw;
    const startMs = Date.UTC(2026, 0, 1) + draw("start").whole(0, 23) * hourMs;
    const world = new World(startMs, traceLinesMax);
    const nowMs = (): number => world.nowMs;
    this.world = world;
    this.startMs = startMs;
    this.scenarios = scenariosOf(settings, draw);
    this.plan = planOf(settings, this.scenarios, draw);
    this.chance = draw("misfortune");
    this.rates = this.plan.rates;
    this.convergesWithoutReports =
      this.scenarios.length === 0 &&
      this.rates.veryLate === 0 &&
      !Number.isFinite(this.rates.foreignIssueEveryMs);
    this.wechat = this.#createPlatform(seed);
    this.tickets = this.plan.hasTickets ? this.#createTickets() : undefined;
    this.documents = new DocumentAudit(this.wechat, nowMs);
    this.fetches = new FetchAudit({ perDay: this.plan.quotaPerDay });
    const heardAfterMs = (name: string): number => this.#heardAfterMs(name);
    this.faults = new FaultLedger(nowMs, (name) => this.#ownersFor(name), heardAfterMs);
    this.availability = new AvailabilityAudit(this.faults, nowMs, mutant?.excuse, heardAfterMs);
    this.auditor = this.#createAuditor();
    this.#commandRate = new CommandRate(nowMs, this.auditor);
    this.network = new Network(draw("network"), () => this.rates, {
      onTrouble: (node) => this.auditor.exceptions.disturbed(node.name, 15_000),
      onFault: (injection) => this.faults.add(injection),
    });
    this.store = { primary: new Primary(nowMs, 0) };
    const context = this.#fleetContext(settings);
    this.nodes = this.plan.nodes.map(
      (plan, index) => new FleetNode(context, `node-${index + 1}`, plan),
    );
    const options = this.#workloadOptions(settings.reports);
    this.workloads = this.nodes.map((node) => new Workload(options, node));
  }

  /** Starts all nodes and their workloads, and injects faults until `endMs`. */
  begin(endMs: number): void {
    for (const [index, node] of this.nodes.entries()) {
      this.world.after(node.plan.startsAtMs, () => {
        node.start();
        return "quiet";
      });
      this.workloads[index]?.begin();
    }
    startFaultInjector(this, endMs);
    for (const { name, inject } of this.scenarios)
      inject?.(this, this.#draw(`faults of ${name}`), endMs);
  }

  /**
   * Passes the events of the nodes to the auditor until the returned function is called. It
   * subscribes to the channel of the whole process, because a listener on one credential would
   * count as a use of it.
   */
  listen(): () => void {
    const onEvent = (message: unknown): void => {
      const event = message as CredentialEvent;
      const node = this.nodes.find(({ life }) => life?.process.name === event.node);
      if (node === undefined) return;
      const name = isTicket(event.credential) ? ticketOf(node.name) : node.name;
      if (event.type === "refresh-failed")
        this.faults.addBackOff(name, event.durationMs, event.failures);
      this.auditor.event(node, event);
    };
    subscribe(eventChannelName, onEvent);
    return () => void unsubscribe(eventChannelName, onEvent);
  }

  revokeTokens(): "quiet" {
    this.world.note("platform", "revokes every token that it issued before");
    this.wechat.revokeTokens();
    return "quiet";
  }

  requireNoFetchWhenIdle(): void {
    const { idle } = this.plan;
    if (idle === undefined) return;
    const fromMs = this.startMs + idle.fromMs + 2 * lifetimeMs;
    const isOperated = (atMs: number): boolean =>
      this.operatedAtMs.some((ms) => ms <= atMs && atMs < ms + 2 * lifetimeMs);
    const needless = this.wechat.fetches.filter(
      ({ sentAtMs }) =>
        sentAtMs > fromMs && sentAtMs < this.startMs + idle.untilMs && !isOperated(sentAtMs),
    );
    if (needless.length > 0)
      this.auditor.violated(
        "B8",
        `${needless.length} fetches were made although nobody had called for two lifetimes`,
      );
  }

  /** Stops injecting faults. */
  stopFaults(): void {
    this.rates = noFaults;
  }

  #createPlatform(seed: number): Wechat {
    const { kind, overlapMs, quotaPerDay } = this.plan;
    return new Wechat({
      world: this.world,
      random: seededRandom(`${seed}/platform`),
      kind,
      overlapMs,
      quotaPerDay,
      delivery: (process) => this.#delivery(process),
      onSent: (fetch) => this.auditor.sent(fetch),
      onProcessed: (fetch) => this.auditor.processed(fetch),
    });
  }

  #createTickets(): Tickets {
    const { world, wechat } = this;
    return new Tickets({
      world,
      engine: wechat.engine,
      appId,
      delivery: (process) => this.#delivery(process),
    });
  }

  #createAuditor(): Auditor {
    const { documents, fetches, availability, faults, wechat, world, plan } = this;
    const staging = {
      documents: new DocumentAudit(wechat, () => world.nowMs, "staging"),
      fetches: new FetchAudit({ perDay: plan.quotaPerDay }),
    };
    return new Auditor(
      {
        world,
        wechat,
        metrics: emptyMetrics(),
        mayFetchAlone: plan.standalone !== "never",
        fetchesAlone: plan.standalone === "always",
        nodes: () => this.nodes,
      },
      {
        availability,
        faults,
        of: (environment) => (environment === "staging" ? staging : { documents, fetches }),
      },
    );
  }

  #fleetContext({ seed, mutant }: RunSettings): FleetContext {
    const { pushesChanges, standalone } = this.plan;
    return {
      world: this.world,
      chance: this.#draw("fate"),
      wechat: this.wechat,
      tickets: this.tickets,
      seed,
      pushesChanges,
      standalone,
      mutation: mutant,
      hasConsumers: this.plan.nodes.some(({ role }) => role === "consumer"),
      primary: () => this.store.primary,
      command: (node, command) => {
        this.#commandRate.sent(node);
        return this.network.command(node, command);
      },
      message: (node) => this.network.message(node),
      onExecuted: (node, command) => this.#onExecuted(node, command),
      onDown: (node, forMs) => this.faults.add({ name: "process down", node: node.name, forMs }),
    };
  }

  #workloadOptions(reports: boolean): WorkloadOptions {
    const { auditor, availability, tickets, wechat, world, startMs } = this;
    const { callEveryMs, refusedPathShare, idle } = this.plan;
    return {
      world,
      chance: this.#draw("traffic"),
      patience: this.#draw("tempers"),
      paths: this.#draw("paths"),
      wechat,
      tickets: tickets && new TicketAudit(world, tickets, auditor, availability),
      auditor,
      metrics: auditor.metrics,
      callEveryMs,
      refusedPathShare,
      isBusy: (atMs: number) =>
        idle === undefined || atMs - startMs < idle.fromMs || atMs - startMs >= idle.untilMs,
      longCall: this.rates.longCall,
      reports,
    };
  }

  #onExecuted(node: FleetNode, command: Executed): void {
    this.auditor.executed(node, command);
    const { command: kind, name, result } = command;
    const isGranted = isGrant(command);
    if (isGranted || (kind === "extend" && result === true))
      node.leases.set(name, this.world.nowMs + leaseMs);
    else if (kind === "release") node.leases.delete(name);
    if (isGranted && !isTicket(name)) injectIntoLeaseHolder(this, node);
  }

  /**
   * The owners that a consumer depends on. For a part of the consumer, the same part of each owner.
   */
  #ownersFor(name: string): readonly string[] {
    const node = this.nodes.find((each) => each.name === name || ticketOf(each.name) === name);
    if (node?.role !== "consumer") return [];
    const owners = this.nodes.filter(
      ({ role, environment }) => role === "owner" && environment === node.environment,
    );
    return owners.map((owner) => name.replace(node.name, owner.name));
  }

  /** A store without messages reports no consumer's complaint to the owners. */
  #heardAfterMs(name: string): number {
    const node = this.nodes.find((each) => each.name === name || ticketOf(each.name) === name);
    return !this.plan.pushesChanges && node?.consumes === true ? ownerReadsEveryMs : 0;
  }

  #delivery({ name }: Process): RequestDelivery {
    // `node-2.3` is the third process of `node-2`.
    const node = this.nodes[Number(name.slice(5, name.lastIndexOf("."))) - 1];
    if (node === undefined) throw new Error(`There is no node of the process ${name}.`);
    return this.network.delivery(node);
  }
}

function planOf(settings: RunSettings, scenarios: readonly Scenario[], draw: Draw): Plan {
  const base =
    scenarios.length === 0 ? randomFaultsPlan(settings, draw) : scenarioPlan(settings, draw);
  for (const { name, plan } of scenarios) plan?.(base, draw(`plan of ${name}`));
  // Two environments that may both fetch would replace each other's token without an overlap.
  // `pnpm bench` measures that.
  if (base.nodes.some(({ isLaterClaimant }) => isLaterClaimant)) base.overlapMs = overlapMs;
  return base;
}

function isGrant({ command, result }: Executed): boolean {
  return (
    command === "acquire" &&
    typeof result === "object" &&
    result !== null &&
    "acquired" in result &&
    result.acquired === true
  );
}
