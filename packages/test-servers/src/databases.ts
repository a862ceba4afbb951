/** Starts the databases of the adapters, fast enough for tests: nothing is synced to disk. */
import { startDaemon } from "./daemon.ts";
import type { Daemon } from "./daemon.ts";

export interface Database extends Daemon {
  /** The URL for a client, with the existing user and database. */
  readonly url: string;
}

/** Starts PostgreSQL with the user `postgres`, without a password. */
export async function postgres(): Promise<Database> {
  const daemon = await startDaemon({
    binary: "postgres",
    debianPackage: "postgresql",
    prepare: (directory) => [
      "initdb",
      "-D",
      `${directory}/data`,
      "-U",
      "postgres",
      "-A",
      "trust",
      "-E",
      "UTF8",
      "--locale=C",
      "--no-sync",
    ],
    args: (directory, port) => [
      ...["-D", `${directory}/data`, "-p", String(port)],
      ...["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"].flatMap(
        (setting) => ["-c", setting],
      ),
    ],
    readyLine: /ready to accept connections/,
    stopSignal: "SIGINT",
  });
  return withUrl(daemon, `postgresql://postgres@127.0.0.1:${daemon.port}/postgres`);
}

/** Starts MariaDB with the user `root`, without a password, and the database `test`. */
export async function mariadb(): Promise<Database> {
  const daemon = await startDaemon({
    binary: "mariadbd",
    debianPackage: "mariadb-server",
    prepare: (directory) => [
      "mariadb-install-db",
      "--no-defaults",
      `--datadir=${directory}/data`,
      "--auth-root-authentication-method=normal",
    ],
    args: (directory, port) => [
      "--no-defaults",
      `--datadir=${directory}/data`,
      `--socket=${directory}/socket`,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      "--skip-log-bin",
      "--innodb-flush-log-at-trx-commit=0",
    ],
    readyLine: /ready for connections/,
  });
  return withUrl(daemon, `mysql://root@127.0.0.1:${daemon.port}/test`);
}

export async function memcached(): Promise<Database> {
  const daemon = await startDaemon({
    binary: "memcached",
    debianPackage: "memcached",
    args: (_directory, port) => ["-l", "127.0.0.1", "-p", String(port), "-U", "0"],
  });
  return withUrl(daemon, `127.0.0.1:${daemon.port}`);
}

/** Starts etcd with one member, and more flags if given. */
export async function etcd(flags: readonly string[] = []): Promise<Database> {
  const daemon = await startDaemon({
    binary: "etcd",
    debianPackage: "etcd-server",
    args: (directory, port, peerPort) => [
      // The least lease is one and a half elections, so short elections let leases be as short as
      // one second.
      ...[
        "--name",
        "test",
        "--data-dir",
        `${directory}/data`,
        "--unsafe-no-fsync",
        "--heartbeat-interval=20",
        "--election-timeout=200",
      ],
      ...[
        "--listen-client-urls",
        `http://127.0.0.1:${port}`,
        "--advertise-client-urls",
        `http://127.0.0.1:${port}`,
      ],
      ...[
        "--listen-peer-urls",
        `http://127.0.0.1:${peerPort}`,
        "--initial-advertise-peer-urls",
        `http://127.0.0.1:${peerPort}`,
      ],
      ...["--initial-cluster", `test=http://127.0.0.1:${peerPort}`],
      ...flags,
    ],
    readyLine: /ready to serve client requests|serving (insecure )?client/,
  });
  return withUrl(daemon, `http://127.0.0.1:${daemon.port}`);
}

function withUrl(daemon: Daemon, url: string): Database {
  return Object.assign(daemon, { url });
}
