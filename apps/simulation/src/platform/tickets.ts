/**
 * The platform's tickets, which are had for an access token. Each node may keep one, as a child of
 * its token.
 */
import { IssueError, type Issued, type Issuer, type Secret } from "@lingpai/core";
import type { Platform } from "@lingpai/wechat-simulator";
import { failure, processedFates, toldFates, type Passage } from "./request-fate.ts";
import type { Process } from "../world/process.ts";
import type { World } from "../world/world.ts";

const prefix = "wechat:ticket:";
const lifetimeMs = 7_200_000;
const deadTokenCodes = [40001, 42001];

export interface TicketsOptions {
  readonly world: World;
  readonly engine: Platform;
  readonly appId: string;
  readonly passage: (process: Process) => Passage;
}

export class Tickets {
  readonly #options: TicketsOptions;
  /** Whether their endpoint answers 40001 to every token, for reasons of its own. */
  refuses = false;
  /** Requests that were sent. */
  asked = 0;

  constructor(options: TicketsOptions) {
    this.#options = options;
  }

  /** What a process asks through. */
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
    const { world, passage } = this.#options;
    const { beforeMs, afterMs, fate } = passage(process);
    this.asked += 1;
    return new Promise((resolve, reject) => {
      world.after(fate === "unsent" ? 0 : beforeMs, () => {
        const answer = processedFates.has(fate)
          ? this.#process(parent?.reveal() ?? "")
          : failure(fate);
        if (fate === "lost" || fate === "unprocessed") return "quiet";
        process.receive(afterMs, () => {
          const told = toldFates.has(fate) ? answer : failure(fate);
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

/** Whether a credential's id, or a name in the store, is that of a ticket. */
export function isTicket(name: string): boolean {
  return name.includes(prefix) || name.includes(encodeURIComponent(prefix));
}

/** The part of a node that is hit by what befalls its tickets alone. */
export function ticketOf(node: string): string {
  return `${node}/ticket`;
}
