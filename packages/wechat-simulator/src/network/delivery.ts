/**
 * The delivery of one request to the platform and of its answer: when it is processed, and when and
 * whether the answer arrives.
 */
import type { Clock } from "@lingpai/core";
import { delay } from "@lingpai/core";
import type { Fault } from "./fault.ts";

export interface DeliveryDelays {
  readonly delayBeforeMs: number;
  readonly delayAfterMs: number;
}

export type Arrival<Reply> =
  | { readonly kind: "reply"; readonly reply: Reply }
  | { readonly kind: "reset"; readonly processed: boolean }
  /** A proxy refused the tunnel. */
  | { readonly kind: "no-tunnel"; readonly status: number }
  | { readonly kind: "silence" };

/**
 * Delivers a request after `delayBeforeMs`, processes it, and delivers the answer after
 * `delayAfterMs`, with the fault on the way. The delivery completes whatever the client does:
 * giving up does not un-issue a token. Without delays the request is processed at once.
 */
export async function deliverRequest<Reply>(
  clock: Clock,
  fault: Fault,
  travel: DeliveryDelays,
  process: () => Reply | Promise<Reply>,
): Promise<Arrival<Reply>> {
  const { delayBeforeMs = travel.delayBeforeMs, delayAfterMs = travel.delayAfterMs } = fault;
  if (delayBeforeMs > 0) await delay(clock, delayBeforeMs);
  if (fault.refuseConnect !== undefined) return { kind: "no-tunnel", status: fault.refuseConnect };
  if (fault.loseRequest) return { kind: "reset", processed: false };
  const reply = await process();
  if (delayAfterMs > 0) await delay(clock, delayAfterMs);
  if (fault.loseReply === "silence") return { kind: "silence" };
  if (fault.loseReply) return { kind: "reset", processed: true };
  return { kind: "reply", reply };
}
