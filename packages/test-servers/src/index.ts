/**
 * Real servers for tests: started on free loopback ports, broken on purpose, stopped by process id.
 */
export { startDaemon } from "./daemon.ts";
export type { Daemon, DaemonPlan } from "./daemon.ts";
export { etcd, mariadb, memcached, postgres } from "./databases.ts";
export type { Database } from "./databases.ts";
export { startCluster } from "./cluster.ts";
export type { Cluster } from "./cluster.ts";
export { openLink } from "./link.ts";
export type { Link, Refuse } from "./link.ts";
export { freePorts } from "./ports.ts";
export { once, openWire, ServerError } from "./resp.ts";
export type { Address, Reply, Wire } from "./resp.ts";
export { refusalOfScript } from "./script-check.ts";
export { startSentinel } from "./sentinel.ts";
export type { Sentinel } from "./sentinel.ts";
export { startServer } from "./server.ts";
export type { Server, ServerOptions } from "./server.ts";
export { standalone } from "./standalone.ts";
export type { Standalone } from "./standalone.ts";
export { swallowingProxy } from "./swallowing-proxy.ts";
export type { SwallowingProxy } from "./swallowing-proxy.ts";
export { until } from "./until.ts";
