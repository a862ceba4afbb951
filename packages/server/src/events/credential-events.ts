/** Writes a credential's events to its life line and to the fleet's stream. */
import type { CancelTimer, Clock, CredentialEvent } from "@lingpai/core";
import type { EventLog, LogEvent } from "@lingpai/event-log";
import type { Served } from "../credentials/served-credential.ts";
import { fleetStream, lifeStream } from "./streams.ts";

const gatherMs = 1_000;

/** Adds an event to the credential's life line and to the fleet's stream. */
export function logEvent(log: EventLog, ref: string, event: LogEvent): void {
  const whole = { ...event, ref };
  log.append(lifeStream(ref), whole);
  log.append(fleetStream, whole);
}

/**
 * Returns a function that ends it. Callers control how often a refusal is reported. Reports of one
 * verdict therefore become one event a second, with a count, so that no key can push other events
 * out of the log.
 */
export function logEvents({ credential, ref }: Served, log: EventLog, clock: Clock): () => void {
  const append = (event: LogEvent): void => logEvent(log, ref, event);
  const rejections = new Map<string, { readonly event: LogEvent; count: number }>();
  let cancel: CancelTimer | undefined;
  const flush = (): void => {
    cancel?.();
    cancel = undefined;
    for (const { event, count } of rejections.values()) append({ ...event, count });
    rejections.clear();
  };
  const listener = (event: CredentialEvent): void => {
    const logged: LogEvent = { ...event, ref };
    if (event.type !== "rejected") return append(logged);
    const present = rejections.get(event.verdict);
    if (present === undefined) rejections.set(event.verdict, { event: logged, count: 1 });
    else present.count += 1;
    cancel ??= clock.setTimer(gatherMs, flush, { background: true });
  };
  // The callers of the server are its users, not its log.
  const stop = credential.watch(listener, { keepsFresh: false });
  return () => {
    stop();
    flush();
  };
}
