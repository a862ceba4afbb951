/** Everything that the checks look at, read once. */
import type { Cache, Clock } from "@lingpai/core";
import type { RedisPort } from "@lingpai/redis";
import type { Seen, SeenCredentials } from "./credentials.ts";
import type { RedisServer } from "./redis-sight.ts";

export interface RedisSight {
  readonly port: RedisPort;
  readonly servers: readonly RedisServer[];
}

export interface Sight {
  /** As the credentials use it: with the sealing key, if there is one. */
  readonly cache: Cache;
  readonly isSealed: boolean;
  readonly clock: Clock;
  /** Undefined: the store is not Redis. */
  readonly redis: RedisSight | undefined;
  readonly credentials: Seen<SeenCredentials>;
  /** The paths that environments keep their documents at, for what access rules allow. */
  readonly paths: readonly (readonly string[])[];
  /** Where token servers may keep their keys. */
  readonly serverPaths: readonly (readonly string[])[];
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** True in a process of the fleet, whose own tracers then are the ones that count. */
  readonly isInFleet: boolean;
}
