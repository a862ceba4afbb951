/**
 * Draws the delivery of each command, message and request from the fault rates and from the present
 * outages.
 */
import type { Chance } from "../world/chance.ts";
import type { Injection } from "../audit/fault-ledger.ts";
import type { FleetNode } from "../fleet/fleet-node.ts";
import type { CommandDelivery } from "../store/store-link.ts";
import { chaosDelivery } from "../platform/chaos.ts";
import { refusedForMs, type RequestDelivery } from "../platform/request-delivery.ts";
import type { FaultRates } from "../plan/fault-rates.ts";

export interface NetworkHooks {
  /** Called when a command or a request of this node is delayed or lost. */
  readonly onTrouble: (node: FleetNode) => void;
  /** Called when a fault was injected. */
  readonly onFault: (injection: Injection) => void;
}

const fetchDeadlineMs = 8_000;
const leaseMs = 10_000;

export class Network {
  readonly #chance: Chance;
  readonly #rates: () => FaultRates;
  readonly #hooks: NetworkHooks;
  /** What the platform does with every request during an outage; undefined: there is no outage. */
  outage: "busy" | "unprocessed" | "unsent" | undefined;

  constructor(chance: Chance, rates: () => FaultRates, hooks: NetworkHooks) {
    this.#chance = chance;
    this.#rates = rates;
    this.#hooks = hooks;
  }

  command(node: FleetNode, command: string): CommandDelivery {
    const { storeLoss, storeSlow } = this.#rates();
    const requestMs = this.#chance.magnitude(0.1, 1);
    const replyMs = this.#chance.magnitude(0.1, 1);
    if (storeLoss > 0 && this.#chance.happens(storeLoss)) {
      this.#storeFault(node, command);
      const part = this.#chance.happens(0.5) ? "request" : "reply";
      return {
        requestMs,
        replyMs,
        fate: `${part}-lost-${this.#chance.happens(0.5) ? "silent" : "reset"}`,
      };
    }
    if (storeSlow > 0 && this.#chance.happens(storeSlow)) {
      this.#storeFault(node, command);
      return {
        requestMs: this.#chance.between(0, 1_000),
        replyMs: this.#chance.between(0, 1_000),
        fate: "answered",
      };
    }
    return { requestMs, replyMs, fate: "answered" };
  }

  /** Draws the delay of a message of the store; undefined: it is lost. */
  message(node: FleetNode): number | undefined {
    const { messageLoss } = this.#rates();
    if (messageLoss > 0 && this.#chance.happens(messageLoss)) {
      this.#hooks.onFault({ name: "store message lost", node: node.name, forMs: 500 });
      return undefined;
    }
    return this.#chance.magnitude(0.1, 3);
  }

  delivery(node: FleetNode): RequestDelivery {
    const delivery = this.#delivery(node);
    const { beforeMs, afterMs, fate } = delivery;
    const isAnswered =
      (fate === "answered" || fate === "repeated") && beforeMs + afterMs <= fetchDeadlineMs;
    if (!isAnswered || beforeMs + afterMs > 1_000) {
      this.#hooks.onTrouble(node);
      const isSilent = fate === "lost" || fate === "unprocessed";
      const forMs = isSilent ? fetchDeadlineMs : Math.min(fetchDeadlineMs, beforeMs + afterMs);
      this.#hooks.onFault({ name: "request unanswered", forMs });
      if (fate === "refused")
        this.#hooks.onFault({ name: "request refused for a minute", forMs: refusedForMs });
    }
    return delivery;
  }

  /** A lost command may leave a lease without a holder. */
  #storeFault(node: FleetNode, command: string): void {
    this.#hooks.onTrouble(node);
    if (command === "acquire" || command === "release")
      this.#hooks.onFault({ name: "store command lost", forMs: leaseMs });
    else this.#hooks.onFault({ name: "store command lost", node: node.name, forMs: 2_000 });
  }

  #delivery(node: FleetNode): RequestDelivery {
    const chance = this.#chance;
    const rates = this.#rates();
    const way = { beforeMs: chance.between(20, 100), afterMs: chance.between(20, 100) };
    if (node.isPlatformPartitioned)
      return { ...way, fate: chance.happens(0.5) ? "unsent" : "unprocessed" };
    if (this.outage !== undefined) return { ...way, fate: this.outage };
    if (chance.happens(rates.lostReply))
      return { ...way, fate: chance.happens(0.5) ? "lost" : "reset" };
    if (chance.happens(rates.slowRequest)) {
      const slowMs = chance.between(0, 12_000);
      const beforeMs = chance.between(0, slowMs);
      return {
        beforeMs: way.beforeMs + beforeMs,
        afterMs: way.afterMs + slowMs - beforeMs,
        fate: "answered",
      };
    }
    if (chance.happens(rates.veryLate))
      return { ...way, beforeMs: chance.between(15_000, 120_000), fate: "lost" };
    if (chance.happens(rates.busyAnswer)) return { ...way, fate: "busy" };
    if (chance.happens(rates.garbledAnswer))
      return { ...way, fate: chance.happens(0.5) ? "html-processed" : "html-unprocessed" };
    if (rates.shortLife > 0 && chance.happens(rates.shortLife))
      return { ...way, fate: "answered", lifeMs: chance.whole(60, 900) * 1_000 };
    if (rates.absurdLife > 0 && chance.happens(rates.absurdLife)) return { ...way, fate: "absurd" };
    if (rates.repeatedAnswer > 0 && chance.happens(rates.repeatedAnswer))
      return { ...way, fate: "repeated" };
    if (rates.chaos > 0 && chance.happens(rates.chaos)) return chaosDelivery(chance, way);
    return { ...way, fate: "answered" };
  }
}
