/** Puts one world together: everything that takes part, and who tells whom of what. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { eventChannelName, type CredentialEvent, type Parameters } from "@lingpai/core";
import { seededRandom } from "@lingpai/core/testing";
import type { Mutant } from "./mutants.ts";
import { randomFaultsPlan, scenarioPlan, type Plan } from "../fleet/plan.ts";
import { scenariosOf, type Scenario } from "../scenario/scenario.ts";
import { Auditor } from "../audit/auditor.ts";
import { AvailabilityAudit } from "../audit/availability-audit.ts";
import { Chance } from "../world/chance.ts";
import { DocumentAudit } from "../audit/document-audit.ts";
import { FaultLedger } from "../audit/fault-ledger.ts";
import { FetchAudit } from "../audit/fetch-audit.ts";
import { FleetNode, type FleetSetting } from "../fleet/fleet-node.ts";
import { beginMisfortunes, strikeHolder, type Misfortunes } from "../faults/fault-injector.ts";
import { Network } from "../faults/network.ts";
import type { Passage } from "../platform/request-fate.ts";
import { Primary } from "../store/primary.ts";
import type { Process } from "../world/process.ts";
import type { Executed } from "../store/store-link.ts";
import { emptyTally } from "../audit/metrics.ts";
import { TicketAudit } from "../audit/ticket-audit.ts";
import { Traffic } from "./workload.ts";
import { calm } from "../fleet/fault-rates.ts";
import { isTicket, ticketOf, Tickets } from "../platform/tickets.ts";
import { appId, lifetimeMs, Wechat } from "../platform/wechat.ts";
import { World } from "../world/world.ts";

export interface RunSettings {
  readonly seed: number;
  readonly nodes: number;
  readonly hours: number;
  /** How strong the faults are: 0 none, 1 usual. */
  readonly faults: number;
  /** Whether other faults than those of the reference figures come too. */
  readonly wild: boolean;
  /** Whether the store tells of changes; undefined: drawn. */
  readonly push: boolean | undefined;
  /** Whether callers report refusals. */
  readonly reports: boolean;
  readonly callEveryMs: number;
  readonly parameters?: Partial<Parameters>;
  /** The names of the scenarios; undefined: drawn. */
  readonly scenarios?: readonly string[] | undefined;
  /** What is left out of the production code, or of the auditor. */
  readonly mutant?: Mutant | undefined;
}

/** A source of chance of its own for each thing that is drawn. */
export type Draw = (what: string) => Chance;

export const hourMs = 3_600_000;
const keptLines = 400;
const leaseMs = 10_000;
const rateWindowMs = 10_000;
const commandsMax = 500;

export class Stage implements Misfortunes {
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
  readonly traffic: readonly Traffic[];
  readonly scenarios: readonly Scenario[];
  readonly plan: Plan;
  readonly startMs: number;
  weather: Misfortunes["weather"];
  readonly #draw: Draw;
  readonly #commands = new Map<FleetNode, { readonly fromMs: number; readonly count: number }>();
  /**
   * Whether nobody outside fetches, and no request is later than the drain allows for: then the
   * protocol needs no reports.
   */
  readonly isTame: boolean;

  constructor(settings: RunSettings) {
    const { seed } = settings;
    const draw: Draw = (what) => new Chance(seededRandom(`${seed}/${what}`));
    const world = new World(Date.UTC(2026, 0, 1) + draw("start").whole(0, 23) * hourMs, keptLines);
    this.world = world;
    this.scenarios = scenariosOf(settings, draw);
    this.plan =
      this.scenarios.length === 0 ? randomFaultsPlan(settings, draw) : scenarioPlan(settings, draw);
    for (const { name, plan } of this.scenarios) plan?.(this.plan, draw(`plan of ${name}`));
    this.chance = draw("misfortune");
    this.weather = this.plan.rates;
    this.isTame =
      this.scenarios.length === 0 &&
      this.weather.veryLate === 0 &&
      !Number.isFinite(this.weather.foreignIssueEveryMs);
    this.wechat = this.#wechat(seed, this.plan);
    this.tickets = this.plan.hasTickets ? this.#tickets() : undefined;
    this.documents = new DocumentAudit(this.wechat, () => world.nowMs);
    this.fetches = new FetchAudit({ perDay: this.plan.quotaPerDay });
    this.faults = new FaultLedger(
      () => world.nowMs,
      (name) => this.#ownersFor(name),
    );
    this.availability = new AvailabilityAudit(
      this.faults,
      () => world.nowMs,
      settings.mutant?.excuse,
    );
    const { documents, fetches, availability, faults } = this;
    const others = {
      documents: new DocumentAudit(this.wechat, () => world.nowMs, "staging"),
      fetches: new FetchAudit({ perDay: this.plan.quotaPerDay }),
    };
    this.auditor = new Auditor(
      {
        world,
        wechat: this.wechat,
        tally: emptyTally(),
        mayFetchAlone: this.plan.standalone !== "never",
        nodes: () => this.nodes,
      },
      {
        availability,
        faults,
        of: (environment) => (environment === "staging" ? others : { documents, fetches }),
      },
    );
    this.network = new Network(draw("network"), () => this.weather, {
      onTrouble: (node) => this.auditor.circumstances.disturbed(node.name, 15_000),
      onFault: (injection) => faults.add(injection),
    });
    this.store = { primary: new Primary(() => world.nowMs, 0) };
    const fleet = this.#fleet(settings, draw);
    this.nodes = this.plan.nodes.map(
      (plan, index) => new FleetNode(fleet, `node-${index + 1}`, plan),
    );
    const { auditor, tickets, wechat } = this;
    const { callEveryMs, refusedPathShare, idle } = this.plan;
    const startMs = world.nowMs;
    this.startMs = startMs;
    const shared = {
      world,
      chance: draw("traffic"),
      tempers: draw("tempers"),
      paths: draw("paths"),
      wechat,
      tickets: tickets && new TicketAudit(world, tickets, auditor, availability),
      auditor,
      tally: auditor.tally,
      callEveryMs,
      refusedPathShare,
      isBusy: (atMs: number) =>
        idle === undefined || atMs - startMs < idle.fromMs || atMs - startMs >= idle.untilMs,
      longCall: this.weather.longCall,
      reports: settings.reports,
    };
    this.traffic = this.nodes.map((node) => new Traffic(shared, node));
    this.#draw = draw;
  }

  /** Lets everybody start, and the faults come until `endMs`. */
  begin(endMs: number): void {
    for (const [index, node] of this.nodes.entries()) {
      this.world.after(node.plan.startsAtMs, () => {
        node.start();
        return "quiet";
      });
      this.traffic[index]?.begin();
    }
    beginMisfortunes(this, endMs);
    for (const { name, inject } of this.scenarios)
      inject?.(this, this.#draw(`faults of ${name}`), endMs);
  }

  /**
   * Hears of what the nodes tell, until the returned function is called: over the channel of the
   * whole process, because whoever listens to one credential counts as somebody who uses it.
   */
  listen(): () => void {
    const hear = (message: unknown): void => {
      const event = message as CredentialEvent;
      const node = this.nodes.find(({ life }) => life?.process.name === event.node);
      if (node === undefined) return;
      const who = isTicket(event.credential) ? ticketOf(node.name) : node.name;
      if (event.type === "refresh-failed")
        this.faults.addBackOff(who, event.durationMs, event.failures);
      this.auditor.event(node, event);
    };
    subscribe(eventChannelName, hear);
    return () => void unsubscribe(eventChannelName, hear);
  }

  /** The platform stops honouring what the fleet holds. */
  kill(): "quiet" {
    this.world.note("platform", "honours nothing any more that was issued before");
    this.wechat.kill();
    return "quiet";
  }

  /**
   * What nobody uses is not fetched again and again: a credential that lapses while nobody calls
   * waits for the next caller.
   */
  requireRestWhenIdle(): void {
    const { idle } = this.plan;
    if (idle === undefined) return;
    const fromMs = this.startMs + idle.fromMs + 2 * lifetimeMs;
    const needless = this.wechat.fetches.filter(
      ({ sentAtMs }) => sentAtMs > fromMs && sentAtMs < this.startMs + idle.untilMs,
    );
    if (needless.length > 0)
      this.auditor.violated(
        "B8",
        `${needless.length} fetches were made while nobody had called for two lifetimes`,
      );
  }

  /** No new fault from now on. */
  clearUp(): void {
    this.weather = calm;
  }

  #wechat(seed: number, { kind, overlapMs, quotaPerDay }: Plan): Wechat {
    return new Wechat({
      world: this.world,
      random: seededRandom(`${seed}/platform`),
      kind,
      overlapMs,
      quotaPerDay,
      passage: (process) => this.network.passage(this.#nodeOf(process.name)),
      onSent: (fetch) => this.auditor.sent(fetch),
      onProcessed: (fetch) => this.auditor.processed(fetch),
    });
  }

  #tickets(): Tickets {
    const { world, wechat } = this;
    const passage = (process: Process): Passage => this.network.passage(this.#nodeOf(process.name));
    return new Tickets({ world, engine: wechat.engine, appId, passage });
  }

  #fleet({ seed, mutant }: RunSettings, draw: Draw): FleetSetting {
    const { pushesChanges, standalone } = this.plan;
    return {
      world: this.world,
      chance: draw("fate"),
      wechat: this.wechat,
      tickets: this.tickets,
      seed,
      pushesChanges,
      standalone,
      mutant,
      hasConsumers: this.plan.nodes.some(({ role }) => role === "consumer"),
      primary: () => this.store.primary,
      trip: (node, command) => {
        this.#boundRate(node);
        return this.network.trip(node, command);
      },
      message: (node) => this.network.message(node),
      onExecuted: (node, command) => {
        this.auditor.executed(node, command);
        if (isTicket(command.name)) return;
        if (isGrant(command)) {
          node.leasedUntilMs = this.world.nowMs + leaseMs;
          strikeHolder(this, node);
        } else if (command.command === "release") node.leasedUntilMs = this.world.nowMs;
      },
      onDown: (node, forMs) => this.faults.add({ name: "process down", node: node.name, forMs }),
    };
  }

  /** However fast the store fails, nobody asks it in a loop. */
  #boundRate(node: FleetNode): void {
    const { nowMs } = this.world;
    const since = this.#commands.get(node) ?? { fromMs: nowMs, count: 0 };
    const rate =
      nowMs - since.fromMs > rateWindowMs
        ? { fromMs: nowMs, count: 1 }
        : { ...since, count: since.count + 1 };
    this.#commands.set(node, rate);
    if (rate.count === commandsMax)
      this.auditor.violated(
        "B5",
        `${node.name} sent ${commandsMax} commands to the store within ${rateWindowMs / 1000} s`,
      );
  }

  /** The owners that a consumer waits for; for a part of it the same part of theirs. */
  #ownersFor(name: string): readonly string[] {
    const node = this.nodes.find((each) => each.name === name || ticketOf(each.name) === name);
    if (node?.role !== "consumer") return [];
    const owners = this.nodes.filter(
      ({ role, environment }) => role === "owner" && environment === node.environment,
    );
    return owners.map((owner) => name.replace(node.name, owner.name));
  }

  /** The node that a process is a life of: `node-2.3` is one of `node-2`. */
  #nodeOf(processName: string): FleetNode {
    const node = this.nodes[Number(processName.slice(5, processName.lastIndexOf("."))) - 1];
    if (node === undefined) throw new Error(`There is no node of the process ${processName}.`);
    return node;
  }
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
