import type { Backend } from "@lingpai/conformance";
import { inProcessBackends, onFiles } from "./embedded.fixture.ts";
import { redisServers } from "./redis.fixture.ts";
import {
  etcdServers,
  mariadbServers,
  memcachedServers,
  postgresServers,
} from "./servers.fixture.ts";

export const backends: readonly Backend[] = [
  ...inProcessBackends,
  ...onFiles,
  ...redisServers,
  ...postgresServers,
  ...mariadbServers,
  ...etcdServers,
  ...memcachedServers,
];
