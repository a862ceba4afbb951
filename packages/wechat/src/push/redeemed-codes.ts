/**
 * Redeems authorisation codes. A code works once, but comes twice: with the push and with the
 * browser. The second request gets the first one's result.
 */
import { CredentialUnavailableError, delay } from "@lingpai/core";
import type { Clock } from "@lingpai/core";
import { messageName } from "./push-inbox.ts";
import type { PushInbox } from "./push-inbox.ts";

const lookMs = 250;
const waitMs = 20_000;

export interface RedeemOptions {
  readonly inbox: PushInbox;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Redeems the code, and returns the id of the account. */
  redeem(): Promise<string>;
}

/**
 * The id of the account whose code this is: from redeeming it now, or from a node that did so in
 * the last 24 h. Waits while another node is redeeming it.
 *
 * @throws The errors of `redeem`.
 * @throws {CredentialUnavailableError} Another node has been redeeming it for 20 s.
 */
export async function redeemedOnce(
  code: string,
  { inbox, clock, signal, redeem }: RedeemOptions,
): Promise<string> {
  const name = messageName("code", code);
  const untilMs = clock.monotonicMs() + waitMs;
  for (;;) {
    const outcome = await inbox.once(name, redeem, (appId) => appId);
    if (outcome.kind === "finished") return outcome.result;
    if (outcome.kind === "done") return outcome.note;
    if (clock.monotonicMs() >= untilMs) {
      throw new CredentialUnavailableError(
        "Another node has been redeeming this authorisation code for 20 s. Try again.",
        {
          retryAfterMs: waitMs,
        },
      );
    }
    await delay(clock, lookMs, signal);
  }
}
