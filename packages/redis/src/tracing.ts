/** Finds out whether a client's commands, with the values in them, are traced. */
import { hasSubscribers } from "node:diagnostics_channel";

const phases = ["start", "end", "asyncStart", "asyncEnd", "error"];

/**
 * Returns those of these channels that have a subscriber now, as a plain channel or in any phase of
 * a tracing channel. ioredis from 5.11 and
 * @redis/client from 5.12 publish each command's arguments there, unmasked for EVALSHA and EVAL
 *   (seen 2026-11). APM agents record them.
 */
export function tracedAmong(names: readonly string[]): readonly string[] {
  return names.filter(
    (name) =>
      hasSubscribers(name) || phases.some((phase) => hasSubscribers(`tracing:${name}:${phase}`)),
  );
}
