import type { Backend } from "@lingpai/conformance";
import { inProcessBackends, onFiles } from "./conformance/embedded.fixture.ts";
import { redisServers } from "./conformance/redis.fixture.ts";
import {
  etcdServers,
  mariadbServers,
  memcachedServers,
  postgresServers,
} from "./conformance/servers.fixture.ts";

export const backends: readonly Backend[] = [
  ...inProcessBackends,
  ...onFiles,
  ...redisServers,
  ...postgresServers,
  ...mariadbServers,
  ...etcdServers,
  ...memcachedServers,
];
