/** Puts one world together: everything that takes part, and who tells whom of what. */
import type { Parameters } from "@lingpai/core";
import { seededRandom } from "@lingpai/core/testing";
import { Auditor } from "./auditor.ts";
import { Chance } from "./chance.ts";
import { DocumentAudit } from "./document-audit.ts";
import { FetchAudit } from "./fetch-audit.ts";
import { FleetNode, type FleetSetting } from "./fleet-node.ts";
import { strikeHolder, type Misfortunes } from "./misfortune.ts";
import { Network } from "./network.ts";
import { Primary } from "./primary.ts";
import type { Executed } from "./store-link.ts";
import { emptyTally } from "./tally.ts";
import { Traffic } from "./traffic.ts";
import { calm, weatherOf } from "./weather.ts";
import { Wechat, type Kind } from "./wechat.ts";
import { World } from "./world.ts";

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
}

export const hourMs = 3_600_000;
/** What the ledger allows in most worlds, and in some that hold it short. */
const caps = [2_000, 2_000, 2_000, 200, 40];
const keptLines = 400;

export class Stage implements Misfortunes {
  readonly world: World;
  readonly nodes: readonly FleetNode[];
  readonly wechat: Wechat;
  readonly auditor: Auditor;
  readonly documents: DocumentAudit;
  readonly fetches: FetchAudit;
  readonly network: Network;
  readonly chance: Chance;
  readonly store: { primary: Primary };
  readonly traffic: readonly Traffic[];
  weather: Misfortunes["weather"];
  /** Whether nobody outside fetches, and no request is later than the drain allows for: then the protocol needs no reports. */
  readonly isTame: boolean;

  constructor(settings: RunSettings) {
    const { seed, nodes: count, wild } = settings;
    const draw = (what: string): Chance => new Chance(seededRandom(`${seed}/${what}`));
    const world = new World(Date.UTC(2026, 0, 1) + draw("start").whole(0, 23) * hourMs, keptLines);
    const quotaPerDay = (wild && settings.faults > 0 ? caps[draw("cap").whole(0, caps.length - 1)] : undefined) ?? 2_000;
    this.world = world;
    this.chance = draw("misfortune");
    this.weather = weatherOf(draw("weather"), settings.faults, wild);
    this.isTame = this.weather.veryLate === 0 && !Number.isFinite(this.weather.foreignIssueEveryMs);
    this.wechat = this.#wechat(seed, quotaPerDay, wild && settings.faults > 0 && draw("kind").happens(0.2) ? "stable" : "plain");
    this.documents = new DocumentAudit(this.wechat, () => world.nowMs);
    this.fetches = new FetchAudit({ perDay: quotaPerDay });
    this.auditor = new Auditor({ world, wechat: this.wechat, tally: emptyTally(), nodes: () => this.nodes }, this.documents, this.fetches);
    this.network = new Network(draw("network"), () => this.weather, {
      onUnanswered: () => this.auditor.circumstances.hindered(world.nowMs, 8_000),
      onTrouble: (node) => this.auditor.circumstances.disturbed(node.name, 15_000),
      onQuota: () => this.auditor.circumstances.excused(undefined, 25 * hourMs),
    });
    this.store = { primary: new Primary(() => world.nowMs, 0) };
    const fleet = this.#fleet(settings, draw);
    const hasConsumer = wild && settings.faults > 0 && count > 1 && draw("consumer").happens(0.25);
    this.nodes = Array.from({ length: count }, (_, index) => {
      return new FleetNode(fleet, `node-${index + 1}`, hasConsumer && index === count - 1 ? "consumer" : "owner");
    });
    const { auditor, wechat } = this;
    const { callEveryMs, reports } = settings;
    const shared = {
      world,
      chance: draw("traffic"),
      tempers: draw("tempers"),
      wechat,
      auditor,
      tally: auditor.tally,
      callEveryMs,
      longCall: this.weather.longCall,
      reports,
    };
    this.traffic = this.nodes.map((node) => new Traffic(shared, node));
  }

  /** No new fault from now on. */
  clearUp(): void {
    this.weather = calm;
  }

  #wechat(seed: number, quotaPerDay: number, kind: Kind): Wechat {
    return new Wechat({
      world: this.world,
      random: seededRandom(`${seed}/platform`),
      kind,
      quotaPerDay,
      passage: (process) => this.network.passage(this.#nodeOf(process.name)),
      onSent: (fetch) => this.auditor.sent(fetch),
      onProcessed: (fetch) => this.auditor.processed(fetch),
    });
  }

  #fleet({ seed, nodes, push, parameters }: RunSettings, draw: (what: string) => Chance): FleetSetting {
    return {
      world: this.world,
      chance: draw("fate"),
      wechat: this.wechat,
      seed,
      pushesChanges: push ?? draw("push").happens(0.75),
      parameters: { fleetSize: nodes, ...parameters },
      primary: () => this.store.primary,
      trip: (node) => this.network.trip(node),
      message: () => this.network.message(),
      onExecuted: (node, command) => {
        this.auditor.executed(node, command);
        if (isGrant(command)) strikeHolder(this, node);
      },
      onEvent: (node, event) => this.auditor.event(node, event),
    };
  }

  /** The node that a process is a life of: `node-2.3` is one of `node-2`. */
  #nodeOf(processName: string): FleetNode {
    const node = this.nodes[Number(processName.slice(5, processName.lastIndexOf("."))) - 1];
    if (node === undefined) throw new Error(`There is no node of the process ${processName}.`);
    return node;
  }
}

function isGrant({ command, result }: Executed): boolean {
  return command === "acquire" && typeof result === "object" && result !== null && "acquired" in result && result.acquired === true;
}
