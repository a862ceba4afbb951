/**
 * One node of the fleet: the production credential in a simulated process. The process may crash
 * and restart with an empty memory.
 */
import { credential, type Cache, type Credential, type Lock, type Issuer } from "@lingpai/core";
import { createCache, createLock } from "@lingpai/core/driver";
import { seededRandom } from "@lingpai/core/testing";
import type { NodePlan, Plan } from "../plan/plan.ts";
import type { Chance } from "../world/chance.ts";
import { laterRelease } from "../store/later-release.ts";
import type { Primary } from "../store/primary.ts";
import { Process } from "../world/process.ts";
import { StoreLink, type Executed, type CommandDelivery } from "../store/store-link.ts";
import type { Tickets } from "../platform/tickets.ts";
import type { Identity, Wechat } from "../platform/wechat.ts";
import type { World } from "../world/world.ts";

/** A defect that is put into a node, so that the auditor can be tested. */
export interface NodeMutation {
  readonly credential?: (credential: Credential, process: Process) => Credential;
  readonly issuer?: (issuer: Issuer) => Issuer;
}

export interface FleetContext {
  readonly world: World;
  readonly chance: Chance;
  readonly wechat: Wechat;
  /** Undefined: no node keeps a ticket. */
  readonly tickets: Tickets | undefined;
  readonly seed: number;
  readonly pushesChanges: boolean;
  readonly standalone: Plan["standalone"];
  readonly mutation: NodeMutation | undefined;
  /**
   * True if the fleet has consumers. Then an owner calls `get` when it starts, because a credential
   * fetches nothing before its first use.
   */
  readonly hasConsumers: boolean;
  readonly primary: () => Primary;
  readonly command: (node: FleetNode, command: string) => CommandDelivery;
  readonly message: (node: FleetNode) => number | undefined;
  readonly onExecuted: (node: FleetNode, command: Executed) => void;
  /** Called when a node is down and will restart after `forMs`. */
  readonly onDown: (node: FleetNode, forMs: number) => void;
}

/** The parts of a node from its start to its end. A restart creates them again. */
export interface Life {
  readonly process: Process;
  readonly link: StoreLink;
  readonly cache: Cache;
  readonly credential: Credential;
  /** A child of the credential; undefined: the nodes keep no tickets. */
  readonly ticket: Credential | undefined;
  /** The tokens that this process reported as refused and stopped using. */
  readonly rejected: Set<string>;
  /** The tokens that it served, in the order of their first use. */
  readonly served: string[];
  /** When calls began to fail, in the awake time of the process. Undefined: they succeed. */
  downSinceMs: number | undefined;
  /** When calls began to fail, in true time. */
  downSinceTrueMs: number;
}

const crashRestartMs: readonly [number, number] = [1_000, 30_000];

export class FleetNode {
  readonly name: string;
  /** A consumer uses what the owners fetch and never requests a token itself. */
  readonly role: "owner" | "consumer";
  readonly environment: string;
  readonly plan: NodePlan;
  readonly identity: Identity;
  readonly #context: FleetContext;
  readonly #wallOffsetMs: number;
  #lives = 0;
  #life: Life | undefined;
  isStorePartitioned = false;
  /** The instant until which the store keeps each lease for it, computed from its commands. */
  readonly leases: Map<string, number> = new Map();
  isPlatformPartitioned = false;
  /** True while the platform's IP allow-list rejects this node. */
  isAddressRefused = false;

  constructor(setting: FleetContext, name: string, plan: NodePlan) {
    this.#context = setting;
    this.name = name;
    this.role = plan.role;
    this.environment = plan.environment;
    this.plan = plan;
    this.identity = { secret: setting.wechat.secret, address: name };
    this.#wallOffsetMs = Math.round(setting.chance.between(-60_000, 60_000));
  }

  /** The present process and its parts; undefined between its end and the next start. */
  get life(): Life | undefined {
    return this.#life;
  }

  /** Whether it uses what others fetch, by choice or because another environment came first. */
  get consumes(): boolean {
    const { isLaterClaimant, onConflict } = this.plan;
    return this.role === "consumer" || (isLaterClaimant && onConflict === "consume");
  }

  /** The instant until which the store keeps a lease for it. */
  get leasedUntilMs(): number {
    return Math.max(Number.NEGATIVE_INFINITY, ...this.leases.values());
  }

  start(): void {
    const { world, chance, seed, standalone, wechat, mutation } = this.#context;
    this.#lives += 1;
    const name = `${this.name}.${this.#lives}`;
    const random = seededRandom(`${seed}/${name}`);
    const process = new Process(world, {
      name,
      wallOffsetMs: this.#wallOffsetMs,
      bootedAtMs: world.nowMs - Math.floor(chance.between(0, 1e9)),
    });
    const link = this.#link(process);
    const driver = this.plan.isLaterRelease ? laterRelease(link.cacheDriver) : link.cacheDriver;
    const cache = createCache(driver, { clock: process, random });
    const lock = createLock(link.lockDriver, { clock: process });
    const issuer = wechat.issuer(process, this.identity);
    const made = credential({
      issuer: mutation?.issuer?.(issuer) ?? issuer,
      cache,
      lock,
      environment: this.environment,
      node: name,
      role: this.role,
      clock: process,
      random,
      parameters: this.plan.parameters,
      ...(this.plan.onConflict !== undefined && { onConflict: this.plan.onConflict }),
      standalone,
    });
    const held = mutation?.credential?.(made, process) ?? made;
    const ticket = this.#ticket(process, held, { cache, lock });
    this.#life = {
      process,
      link,
      cache,
      credential: held,
      ticket,
      rejected: new Set(),
      served: [],
      downSinceMs: undefined,
      downSinceTrueMs: 0,
    };
    world.note(this.name, `starts as ${name}`);
    if (this.#context.hasConsumers && this.role === "owner")
      for (const each of [held, ticket]) each?.get().catch(() => {});
  }

  #ticket(
    process: Process,
    parent: Credential,
    store: { readonly cache: Cache; readonly lock: Lock },
  ): Credential | undefined {
    const { seed, standalone, tickets } = this.#context;
    if (tickets === undefined) return undefined;
    return credential({
      issuer: tickets.issuer(process),
      ...store,
      parent,
      environment: this.environment,
      node: process.name,
      role: this.role,
      clock: process,
      random: seededRandom(`${seed}/${process.name}/ticket`),
      parameters: this.plan.parameters,
      standalone,
    });
  }

  /** Ends the process at once. A supervisor restarts it later. */
  crash(): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#context.world.note(this.name, "crashes");
    this.#end(life);
  }

  /** Closes the credential, as in a rolling deployment, and returns what was closed. */
  async shutDown(): Promise<Life | undefined> {
    const life = this.#life;
    if (life === undefined) return undefined;
    this.#life = undefined;
    this.#context.world.note(this.name, "closes");
    await life.ticket?.close();
    await life.credential.close();
    return life;
  }

  /** Restarts the node as a supervisor does after {@link FleetNode.shutDown}. */
  startLater(): void {
    const { world, chance, onDown } = this.#context;
    const forMs = chance.between(...crashRestartMs);
    onDown(this, forMs);
    world.after(forMs, () => {
      if (this.#life === undefined) this.start();
      return "quiet";
    });
  }

  #end({ process, link }: Life): void {
    process.kill();
    link.close();
    this.#life = undefined;
    this.startLater();
  }

  #link(process: Process): StoreLink {
    const { world, primary, command, message, onExecuted, pushesChanges } = this.#context;
    const link = new StoreLink({
      world,
      process,
      primary: primary(),
      command: (name) => command(this, name),
      message: () => message(this),
      onExecuted: (executed) => onExecuted(this, executed),
      pushesChanges,
    });
    if (this.isStorePartitioned) link.cut();
    return link;
  }
}
