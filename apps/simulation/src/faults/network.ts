/**
 * Draws what becomes of each command, message and request, from the weather and from what is broken
 * at the moment.
 */
import type { Chance } from "../world/chance.ts";
import type { Injection } from "../audit/fault-ledger.ts";
import type { FleetNode } from "../fleet/fleet-node.ts";
import type { Trip } from "../store/store-link.ts";
import type { Passage } from "../platform/request-fate.ts";
import type { Weather } from "../fleet/fault-rates.ts";

export interface NetworkHooks {
  /** A command or a request of this node went wrong. */
  readonly onTrouble: (node: FleetNode) => void;
  /** A fault was injected. */
  readonly onFault: (injection: Injection) => void;
}

const fetchDeadlineMs = 8_000;
const leaseMs = 10_000;

export class Network {
  readonly #chance: Chance;
  readonly #weather: () => Weather;
  readonly #hooks: NetworkHooks;
  /** What the platform does with every request during an outage. */
  outage: "busy" | "unprocessed" | "unsent" | undefined;

  constructor(chance: Chance, weather: () => Weather, hooks: NetworkHooks) {
    this.#chance = chance;
    this.#weather = weather;
    this.#hooks = hooks;
  }

  trip(node: FleetNode, command: string): Trip {
    const { storeLoss, storeSlow } = this.#weather();
    const requestMs = this.#chance.magnitude(0.1, 1);
    const replyMs = this.#chance.magnitude(0.1, 1);
    if (storeLoss > 0 && this.#chance.happens(storeLoss)) {
      this.#storeTrouble(node, command);
      const way = this.#chance.happens(0.5) ? "request" : "reply";
      return {
        requestMs,
        replyMs,
        fate: `${way}-lost-${this.#chance.happens(0.5) ? "silent" : "reset"}`,
      };
    }
    if (storeSlow > 0 && this.#chance.happens(storeSlow)) {
      this.#storeTrouble(node, command);
      return {
        requestMs: this.#chance.between(0, 1_000),
        replyMs: this.#chance.between(0, 1_000),
        fate: "answered",
      };
    }
    return { requestMs, replyMs, fate: "answered" };
  }

  /** How long a message of the store takes; undefined: it is lost. */
  message(node: FleetNode): number | undefined {
    const { messageLoss } = this.#weather();
    if (messageLoss > 0 && this.#chance.happens(messageLoss)) {
      this.#hooks.onFault({ name: "store message lost", node: node.name, forMs: 500 });
      return undefined;
    }
    return this.#chance.magnitude(0.1, 3);
  }

  passage(node: FleetNode): Passage {
    const passage = this.#passage(node);
    const { beforeMs, afterMs, fate } = passage;
    const isAnswered =
      (fate === "answered" || fate === "repeated") && beforeMs + afterMs <= fetchDeadlineMs;
    if (!isAnswered || beforeMs > 1_000 || afterMs > 1_000) {
      this.#hooks.onTrouble(node);
      const isSilent = fate === "lost" || fate === "unprocessed";
      const forMs = isSilent ? fetchDeadlineMs : Math.min(fetchDeadlineMs, beforeMs + afterMs);
      this.#hooks.onFault({ name: "request unanswered", forMs });
    }
    return passage;
  }

  /** A command that is lost may leave a lease behind that nobody holds. */
  #storeTrouble(node: FleetNode, command: string): void {
    this.#hooks.onTrouble(node);
    if (command === "acquire" || command === "release")
      this.#hooks.onFault({ name: "store command lost", forMs: leaseMs });
    else this.#hooks.onFault({ name: "store command lost", node: node.name, forMs: 2_000 });
  }

  #passage(node: FleetNode): Passage {
    const chance = this.#chance;
    const weather = this.#weather();
    const way = { beforeMs: chance.between(20, 100), afterMs: chance.between(20, 100) };
    if (node.isPlatformPartitioned)
      return { ...way, fate: chance.happens(0.5) ? "unsent" : "unprocessed" };
    if (this.outage !== undefined) return { ...way, fate: this.outage };
    if (chance.happens(weather.lostReply))
      return { ...way, fate: chance.happens(0.5) ? "lost" : "reset" };
    if (chance.happens(weather.slowRequest)) {
      const slowMs = chance.between(0, 12_000);
      const beforeMs = chance.between(0, slowMs);
      return {
        beforeMs: way.beforeMs + beforeMs,
        afterMs: way.afterMs + slowMs - beforeMs,
        fate: "answered",
      };
    }
    if (chance.happens(weather.veryLate))
      return { ...way, beforeMs: chance.between(15_000, 120_000), fate: "lost" };
    if (chance.happens(weather.busyAnswer)) return { ...way, fate: "busy" };
    if (chance.happens(weather.garbledAnswer))
      return { ...way, fate: chance.happens(0.5) ? "html-processed" : "html-unprocessed" };
    if (weather.shortLife > 0 && chance.happens(weather.shortLife))
      return { ...way, fate: "answered", lifeMs: chance.whole(60, 900) * 1_000 };
    if (weather.absurdLife > 0 && chance.happens(weather.absurdLife))
      return { ...way, fate: "absurd" };
    if (weather.repeatedAnswer > 0 && chance.happens(weather.repeatedAnswer))
      return { ...way, fate: "repeated" };
    return { ...way, fate: "answered" };
  }
}
