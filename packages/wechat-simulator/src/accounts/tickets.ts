/** The JS-SDK tickets of all hosts: one for each owner and type, the same during its lifetime. */
import type { Context } from "../ledger/context.ts";
import type { TokenSpace } from "../ledger/token-space.ts";
import { independent } from "../ledger/token-space.ts";

export type TicketType = "jsapi" | "wx_card" | "agent_config";

export class Tickets {
  readonly #context: Context;
  readonly #lifetimeMs: number;
  readonly #spaces = new Map<string, TokenSpace>();

  constructor(context: Context, lifetimeMs: number) {
    this.#context = context;
    this.#lifetimeMs = lifetimeMs;
  }

  space(appId: string, type: TicketType): TokenSpace {
    const key = `${type} ${appId}`;
    let space = this.#spaces.get(key);
    if (space === undefined) {
      space = this.#context.spaces.open({
        kind: "ticket",
        appId,
        lifetimeMs: this.#lifetimeMs,
        supersession: independent,
      });
      this.#spaces.set(key, space);
    }
    return space;
  }
}
