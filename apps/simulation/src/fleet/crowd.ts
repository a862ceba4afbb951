/**
 * One process that holds thousands of credentials over a store of its own, whose primary freezes
 * and fails over.
 */
import { credential, type Credential, type Issuer } from "@lingpai/core";
import { createCache, createLock } from "@lingpai/core/driver";
import { seededRandom } from "@lingpai/core/testing";
import { Primary } from "../store/primary.ts";
import { StoreLink, type CommandDelivery } from "../store/store-link.ts";
import type { Chance } from "../world/chance.ts";
import { Process } from "../world/process.ts";
import type { World } from "../world/world.ts";

const lifetimeMs = 7_200_000;
const overlapMs = 300_000;

/** What the platform has issued of one credential. */
interface Issued {
  readonly secret: string;
  readonly atMs: number;
}

export class Crowd {
  readonly credentials: readonly Credential[];
  /** The number of store commands that were sent. */
  commands = 0;
  readonly #world: World;
  readonly #chance: Chance;
  readonly #process: Process;
  readonly #link: StoreLink;
  readonly #issued: readonly Issued[][];
  #primary: Primary;

  constructor(world: World, chance: Chance, size: number) {
    this.#world = world;
    this.#chance = chance;
    this.#primary = new Primary(() => world.nowMs, 0);
    this.#process = new Process(world, {
      name: "crowd.1",
      wallOffsetMs: Math.round(chance.between(-60_000, 60_000)),
      bootedAtMs: world.nowMs - Math.floor(chance.between(0, 1e9)),
    });
    this.#link = new StoreLink({
      world,
      process: this.#process,
      primary: this.#primary,
      command: () => this.#delivery(),
      message: () => chance.between(1, 5),
      onExecuted: () => {},
      pushesChanges: true,
    });
    this.#issued = Array.from({ length: size }, () => []);
    this.credentials = this.#createCredentials(seededRandom(`crowd/${chance.whole(0, 1e9)}`));
  }

  /** Timers of the process, and its subscriptions at the store. */
  get timers(): number {
    return this.#process.pendingTimers;
  }

  get subscriptions(): number {
    return this.#link.subscriptions;
  }

  /** How often the platform has issued this credential. */
  fetchesOf(index: number): number {
    return this.#issued[index]?.length ?? 0;
  }

  /** The newest one is alive, and the one before it for the overlap. */
  isAlive(index: number, secret: string): boolean {
    const all = this.#issued[index] ?? [];
    const { nowMs } = this.#world;
    const at = all.findIndex((each) => each.secret === secret);
    const next = all[at + 1];
    return at >= 0 && at >= all.length - 2 && (next === undefined || nowMs < next.atMs + overlapMs);
  }

  freezeStore(forMs: number): void {
    this.#primary.frozenUntilMs = this.#world.nowMs + forMs;
  }

  /** A replica that lacks the last writes takes over. */
  failOver(lagMs: number): void {
    this.#primary = this.#primary.promoted(lagMs, 0).primary;
    this.#link.connect(this.#primary);
  }

  /** Ends the process. */
  kill(): void {
    this.#process.kill();
    this.#link.close();
  }

  #createCredentials(random: ReturnType<typeof seededRandom>): readonly Credential[] {
    const clock = this.#process;
    const cache = createCache(this.#link.cacheDriver, { clock, random });
    const lock = createLock(this.#link.lockDriver, { clock });
    return this.#issued.map((_, index) =>
      credential({
        issuer: this.#issuer(index),
        cache,
        lock,
        environment: "crowd",
        node: clock.name,
        clock,
        random,
      }),
    );
  }

  #issuer(index: number): Issuer {
    return {
      id: `crowd-${index}`,
      policy: { kind: "supersede", overlapMs },
      lifetimeMs,
      issue: () =>
        new Promise((resolve) => {
          this.#world.after(this.#chance.between(20, 200), () => {
            const all = this.#issued[index] ?? [];
            const secret = `${index}-${all.length + 1}`;
            all.push({ secret, atMs: this.#world.nowMs });
            this.#process.receive(this.#chance.between(20, 200), () =>
              resolve({ secret, expiresInMs: lifetimeMs }),
            );
            return "quiet";
          });
        }),
    };
  }

  #delivery(): CommandDelivery {
    this.commands += 1;
    const [requestMs, replyMs] = [this.#chance.between(0.5, 3), this.#chance.between(0.5, 3)];
    return {
      requestMs,
      replyMs,
      fate: this.#chance.happens(0.001) ? "reply-lost-silent" : "answered",
    };
  }
}
