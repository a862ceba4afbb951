/**
 * Authorisation codes: each works once, and comes twice: with the push and with the browser.
 * Whoever is second gets what the first one brought.
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
  /** Redeems it; gives the AppID of the account. */
  redeem(): Promise<string>;
}

/**
 * The AppID of the account whose code this is: from redeeming it, or from whoever did in the last
 * 24 h. Waits while another node is at it.
 *
 * @throws what `redeem` throws. @throws {CredentialUnavailableError} another node has been at it
 *   for 20 s.
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
