/**
 * The platform's tickets. A node obtains one with its access token and keeps it as a child
 * credential.
 */
import { IssueError, type Issued, type Issuer, type Secret } from "@lingpai/core";
import type { Platform } from "@lingpai/wechat-simulator";
import {
  failure,
  processedFates,
  answeredFates,
  type RequestDelivery,
} from "./request-delivery.ts";
import type { Process } from "../world/process.ts";
import type { World } from "../world/world.ts";

const prefix = "wechat:ticket:";
const lifetimeMs = 7_200_000;
const deadTokenCodes = [40001, 42001];

export interface TicketsOptions {
  readonly world: World;
  readonly engine: Platform;
  readonly appId: string;
  readonly delivery: (process: Process) => RequestDelivery;
}

export class Tickets {
  readonly #options: TicketsOptions;
  /** True if the ticket endpoint answers 40001 to every token. */
  refuses = false;
  /** The requests that were sent. */
  readonly asked: { readonly process: Process; isOver: boolean }[] = [];

  constructor(options: TicketsOptions) {
    this.#options = options;
  }

  /** Returns the issuer of one process. */
  issuer(process: Process): Issuer {
    const id = `${prefix}jsapi:${this.#options.appId}`;
    return {
      id,
      policy: { kind: "sliding" },
      lifetimeMs,
      issue: ({ parent }) => this.#issue(process, parent),
    };
  }

  isAlive(ticket: string): boolean {
    return this.#options.engine.operator.inspect(ticket)?.alive === true;
  }

  #issue(process: Process, parent: Secret | undefined): Promise<Issued> {
    const { world, delivery } = this.#options;
    const way = delivery(process);
    const { beforeMs, afterMs, fate } = way;
    const asked = { process, isOver: false };
    this.asked.push(asked);
    return new Promise((resolve, reject) => {
      world.after(fate === "unsent" ? 0 : beforeMs, () => {
        const answer = processedFates.has(fate)
          ? this.#process(parent?.reveal() ?? "")
          : failure(way);
        if (fate === "lost" || fate === "unprocessed") return "quiet";
        process.receive(afterMs, () => {
          asked.isOver = true;
          const told = answeredFates.has(fate) ? answer : failure(way);
          return told instanceof IssueError ? reject(told) : resolve(told);
        });
        return "quiet";
      });
    });
  }

  #process(accessToken: string): Issued | IssueError {
    const { engine, world } = this.#options;
    const answer = this.refuses ? undefined : engine.calls.ticket({ accessToken, type: "jsapi" });
    if (answer?.ok === true) {
      const { ticket } = answer.body;
      return {
        secret: ticket,
        expiresInMs: (engine.operator.inspect(ticket)?.expiresAtMs ?? 0) - world.nowMs,
      };
    }
    const errcode = answer?.body.errcode ?? 40001;
    const options = { platformCode: String(errcode) };
    return new IssueError(
      deadTokenCodes.includes(errcode) ? "parent" : "busy",
      "The simulated platform refuses.",
      options,
    );
  }
}

/** True if the id of a credential, or a name in the store, is that of a ticket. */
export function isTicket(name: string): boolean {
  return name.includes(prefix) || name.includes(encodeURIComponent(prefix));
}

/** Returns the name of the part of a node that only ticket faults hit. */
export function ticketOf(node: string): string {
  return `${node}/ticket`;
}
