/** The data that all checks use, read once. */
import type { Cache, Clock, Lock } from "@lingpai/core";
import type { RedisPort } from "@lingpai/redis";
import type { Seen, SeenCredentials } from "./credentials.ts";
import type { RedisServer } from "./redis-sight.ts";

export interface RedisSight {
  readonly port: RedisPort;
  readonly servers: readonly RedisServer[];
}

export interface Sight {
  /** The cache as the credentials use it: with the sealing key, if there is one. */
  readonly cache: Cache;
  readonly isSealed: boolean;
  /** Undefined: it was not given. */
  readonly lock: Lock | undefined;
  readonly clock: Clock;
  /** Undefined if the store is not Redis. */
  readonly redis: RedisSight | undefined;
  readonly credentials: Seen<SeenCredentials>;
  /** The paths under which environments keep their documents, for the checks of access rules. */
  readonly paths: readonly (readonly string[])[];
  /** The paths under which token servers may keep their keys. */
  readonly serverPaths: readonly (readonly string[])[];
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** True in a process of the fleet, whose own tracers are then checked. */
  readonly isInFleet: boolean;
}
