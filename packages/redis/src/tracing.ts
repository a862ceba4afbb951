/** Who listens to the commands of a client, with the values in them. */
import { hasSubscribers } from "node:diagnostics_channel";

const phases = ["start", "end", "asyncStart", "asyncEnd", "error"];

/**
 * Those of the tracing channels with these names that somebody listens to now. ioredis from 5.11
 * and @redis/client from 5.12 publish each command's arguments there, of EVALSHA and EVAL unmasked
 * (seen 2026-11); APM agents record them.
 */
export function tracedAmong(names: readonly string[]): readonly string[] {
  return names.filter((name) => phases.some((phase) => hasSubscribers(`tracing:${name}:${phase}`)));
}
