/** Pushes on the platform's schedule: one now, then one every ten minutes. */
import type { Clock } from "@lingpai/core";
import type { Context } from "../ledger/context.ts";
import type { Push } from "./push.ts";

export interface PushSchedule {
  /** Makes the next message: `() => simulator.openPlatform.pushTicket(appId)`. */
  readonly make: () => Push;
  /**
   * Delivers the message to its receiver, and returns true if the receiver took it: `(push) =>
   * deliver(push, url)`. A failure is logged and not repeated.
   */
  readonly bring: (push: Push) => Promise<boolean>;
  /**
   * The deliveries of each message: `pushChaos({ … })`.
   * @defaultValue one
   */
  readonly deliveries?: (push: Push) => readonly Push[];
  /** @defaultValue 600_000 */
  readonly everyMs?: number;
}

/**
 * Starts a schedule on the platform's clock. The returned function ends it. Its timer does not keep
 * the process alive.
 */
export function startPushes(
  { clock, context }: { readonly clock: Clock; readonly context: Context },
  { make, bring, deliveries = (push) => [push], everyMs = 600_000 }: PushSchedule,
): () => void {
  let cancelTimer = (): void => {};
  const send = async (): Promise<void> => {
    const push = make();
    let isTaken = true;
    for (const each of deliveries(push)) isTaken = await bring(each).catch(() => false);
    if (!isTaken)
      context.refuse(
        {
          kind: "push",
          endpoint: push.infoType,
          appId: push.appId,
          sender: { caller: "platform" },
        },
        -1,
        "fault",
      );
  };
  const tick = (): void => {
    cancelTimer = clock.setTimer(everyMs, tick, { background: true });
    void send();
  };
  tick();
  return () => cancelTimer();
}
