/**
 * One node of the fleet: the production credential in a simulated process, which may die and be
 * started again with an empty memory.
 */
import {
  createCache,
  createLock,
  credential,
  type Cache,
  type Credential,
  type Lock,
} from "@lingpai/core";
import { seededRandom } from "@lingpai/core/testing";
import type { Mutant } from "../cluster/mutants.ts";
import type { NodePlan } from "./plan.ts";
import type { Chance } from "../world/chance.ts";
import { laterRelease } from "../store/later-release.ts";
import type { Primary } from "../store/primary.ts";
import { Process } from "../world/process.ts";
import { StoreLink, type Executed, type Trip } from "../store/store-link.ts";
import type { Tickets } from "../platform/tickets.ts";
import type { Identity, Wechat } from "../platform/wechat.ts";
import type { World } from "../world/world.ts";

export interface FleetSetting {
  readonly world: World;
  readonly chance: Chance;
  readonly wechat: Wechat;
  /** Undefined: nobody keeps a ticket. */
  readonly tickets: Tickets | undefined;
  readonly seed: number;
  readonly pushesChanges: boolean;
  readonly standalone: "never" | "when-harmless";
  readonly mutant: Mutant | undefined;
  /**
   * Whether others live on what the owners fetch: then an owner asks for the credential when it
   * starts, because until its first use nothing is fetched.
   */
  readonly hasConsumers: boolean;
  readonly primary: () => Primary;
  readonly trip: (node: FleetNode, command: string) => Trip;
  readonly message: (node: FleetNode) => number | undefined;
  readonly onExecuted: (node: FleetNode, command: Executed) => void;
  /** It is dead, or closed, and starts again after so long. */
  readonly onDown: (node: FleetNode, forMs: number) => void;
}

/** What a node has from its start to its death. */
export interface Life {
  readonly process: Process;
  readonly link: StoreLink;
  readonly cache: Cache;
  readonly credential: Credential;
  /** A child of the credential, where nodes keep tickets. */
  readonly ticket: Credential | undefined;
  /** What this process was told to be refused, and gave up. */
  readonly rejected: Set<string>;
  /** What it handed out, in the order of the first use. */
  readonly served: string[];
  /** In the time in which it could work: since when calls have not been answered. */
  downSinceMs: number | undefined;
  /** The same in true time. */
  downSinceTrueMs: number;
}

const crashRestartMs: readonly [number, number] = [1_000, 30_000];

export class FleetNode {
  readonly name: string;
  /** A consumer uses what the owners fetch, and never asks the platform for a credential. */
  readonly role: "owner" | "consumer";
  readonly environment: string;
  readonly plan: NodePlan;
  readonly identity: Identity;
  readonly #setting: FleetSetting;
  readonly #wallOffsetMs: number;
  #lives = 0;
  #life: Life | undefined;
  isStorePartitioned = false;
  /** Until when the store holds a lease for it, as far as it goes by what the store was asked. */
  leasedUntilMs: number = Number.NEGATIVE_INFINITY;
  isPlatformPartitioned = false;
  /** Whether its address has been struck off the platform's list. */
  isStruckOff = false;

  constructor(setting: FleetSetting, name: string, plan: NodePlan) {
    this.#setting = setting;
    this.name = name;
    this.role = plan.role;
    this.environment = plan.environment;
    this.plan = plan;
    this.identity = { secret: setting.wechat.secret, address: name };
    this.#wallOffsetMs = Math.round(setting.chance.between(-60_000, 60_000));
  }

  /** What runs now; undefined between a death and the next start. */
  get life(): Life | undefined {
    return this.#life;
  }

  start(): void {
    const { world, chance, seed, standalone, wechat, mutant } = this.#setting;
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
      issuer: mutant?.issuer?.(issuer) ?? issuer,
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
    const held = mutant?.credential?.(made, process) ?? made;
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
    if (this.#setting.hasConsumers && this.role === "owner")
      for (const each of [held, ticket]) each?.get().catch(() => {});
  }

  #ticket(
    process: Process,
    parent: Credential,
    store: { readonly cache: Cache; readonly lock: Lock },
  ): Credential | undefined {
    const { seed, standalone, tickets } = this.#setting;
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

  /** Dies at once; a supervisor starts it again. */
  crash(): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#setting.world.note(this.name, "crashes");
    this.#bury(life);
  }

  /** Closes its credential, as in a rolling deployment; a promise that it has settled. */
  async shutDown(): Promise<Life | undefined> {
    const life = this.#life;
    if (life === undefined) return undefined;
    this.#life = undefined;
    this.#setting.world.note(this.name, "closes");
    await life.ticket?.close();
    await life.credential.close();
    return life;
  }

  /** What a supervisor does after {@link FleetNode.shutDown}. */
  startLater(): void {
    const { world, chance, onDown } = this.#setting;
    const forMs = chance.between(...crashRestartMs);
    onDown(this, forMs);
    world.after(forMs, () => {
      if (this.#life === undefined) this.start();
      return "quiet";
    });
  }

  #bury({ process, link }: Life): void {
    process.kill();
    link.close();
    this.#life = undefined;
    this.startLater();
  }

  #link(process: Process): StoreLink {
    const { world, primary, trip, message, onExecuted, pushesChanges } = this.#setting;
    const link = new StoreLink({
      world,
      process,
      primary: primary(),
      trip: (command) => trip(this, command),
      message: () => message(this),
      onExecuted: (command) => onExecuted(this, command),
      pushesChanges,
    });
    if (this.isStorePartitioned) link.cut();
    return link;
  }
}
