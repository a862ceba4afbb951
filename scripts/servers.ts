/**
 * Makes sure that the server programs which tests start are installed; vitest calls `setup` before
 * the projects that need them.
 *
 * Looks on PATH and in Debian's folders outside it (those folders are then added to PATH for the
 * tests). What is missing is installed with apt where that is possible without asking (root on
 * Debian or Ubuntu), without starting any service. Otherwise the run stops with the names: a test
 * that needs a server is never skipped.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Program → its Debian package. */
type Programs = Readonly<Record<string, string>>;

const redisPrograms: Programs = {
  "redis-server": "redis-server",
  "redis-sentinel": "redis-sentinel",
  "redis-cli": "redis-tools",
};
const postgresPrograms: Programs = { postgres: "postgresql", initdb: "postgresql" };
const allPrograms: Programs = {
  ...redisPrograms,
  ...postgresPrograms,
  mariadbd: "mariadb-server",
  "mariadb-install-db": "mariadb-server",
  memcached: "memcached",
  etcd: "etcd-server",
  faketime: "faketime",
  prometheus: "prometheus",
  promtool: "prometheus",
};

/** The programs that the tests of a project start. The others start only Redis. */
const programs: Readonly<Record<string, Programs>> = {
  docs: { ...redisPrograms, ...postgresPrograms },
  servers: allPrograms,
  browser: { chromium: "chromium" },
};

/** Chromium's other names on macOS, Ubuntu and CI. */
const otherBrowsers = ["chromium-browser", "google-chrome", "google-chrome-stable"];

/** The machine, as far as installing is concerned. */
export interface Host {
  readonly isRoot: boolean;
  /**
   * Folders in which programs are found, and to which the hidden ones of a fresh installation are
   * added.
   */
  folders(): readonly string[];
  /** Debian's switch that keeps newly installed services from starting, while it exists. */
  readonly policyFile: string;
}

export function setup(project: { readonly name: string }): void {
  const host: Host = {
    isRoot: process.getuid?.() === 0,
    folders: searchFolders,
    policyFile: "/usr/sbin/policy-rc.d",
  };
  const hasBrowser = otherBrowsers.some((name) => find(name, host) !== undefined);
  if (project.name !== "browser" || !hasBrowser)
    provide(programs[project.name] ?? redisPrograms, host);
  process.env["PATH"] = searchFolders().join(delimiter);
}

/**
 * @throws if a program is missing and cannot be installed without asking. The message says which
 *   and how.
 */
export function provide(needed: Programs, host: Host): void {
  const missing = (): string[] =>
    Object.keys(needed).filter((program) => find(program, host) === undefined);
  const packages = [...new Set(missing().map((program) => needed[program] ?? program))];
  const aptGet = find("apt-get", host);
  if (packages.length > 0 && host.isRoot && aptGet !== undefined) install(packages, aptGet, host);
  if (missing().length === 0) return;
  throw new Error(
    `These tests need ${missing().join(", ")} on PATH. Install ${packages.join(", ")} (Debian: sudo apt-get install ${packages.join(" ")}; ` +
      "macOS: brew install redis postgresql mariadb memcached etcd libfaketime chromium), or run `pnpm test`, which is the unit tests alone.",
  );
}

function searchFolders(): string[] {
  const postgres = "/usr/lib/postgresql";
  const versions = existsSync(postgres)
    ? readdirSync(postgres).map((version) => join(postgres, version, "bin"))
    : [];
  const onPath = (process.env["PATH"] ?? "").split(delimiter);
  return [...new Set([...onPath, "/usr/sbin", "/usr/local/sbin", ...versions])];
}

function find(program: string, host: Host): string | undefined {
  return host
    .folders()
    .map((folder) => join(folder, program))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Installs packages without starting their services, because the tests start their own on free
 * ports.
 */
function install(packages: readonly string[], aptGet: string, { policyFile }: Host): void {
  console.error(
    `lingpai: installing ${packages.join(", ")} with apt, for the tests that need real servers…`,
  );
  const isOurs = !existsSync(policyFile);
  if (isOurs) writeFileSync(policyFile, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    for (const args of [["update"], ["install", "-y", "--no-install-recommends", ...packages]]) {
      const { status, stdout, stderr } = spawnSync(aptGet, args, {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
      });
      if (status !== 0) throw new Error(`apt-get ${args.join(" ")} failed:\n${stdout}${stderr}`);
    }
  } finally {
    if (isOurs) rmSync(policyFile, { force: true });
  }
}
