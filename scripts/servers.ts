/**
 * Makes sure that the server programs which tests start are installed; vitest calls `setup` before the projects that need them.
 *
 * Looks on PATH and where Debian hides them (those folders are then added to PATH for the tests). What is missing is installed with apt
 * where that is possible without asking (root on Debian or Ubuntu), without starting any service. Otherwise the run stops with the names: a
 * test that needs a server is never skipped.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Program → the Debian package that brings it. */
const redisPrograms: Record<string, string> = { "redis-server": "redis-server", "redis-sentinel": "redis-sentinel", "redis-cli": "redis-tools" };
const allPrograms: Record<string, string> = {
  ...redisPrograms,
  postgres: "postgresql", initdb: "postgresql", mariadbd: "mariadb-server", "mariadb-install-db": "mariadb-server", memcached: "memcached", etcd: "etcd-server",
};

export function setup(project: { readonly name: string }): void {
  const needed = project.name === "servers" ? allPrograms : redisPrograms;
  process.env["PATH"] = [process.env["PATH"], ...hiddenFolders()].join(delimiter);
  const missing = () => Object.keys(needed).filter((program) => !isOnPath(program));
  if (missing().length === 0) return;
  const packages = [...new Set(missing().map((program) => needed[program] ?? program))];
  if (canInstall()) install(packages);
  process.env["PATH"] = [process.env["PATH"], ...hiddenFolders()].join(delimiter);
  if (missing().length === 0) return;
  throw new Error(`The tests of "${project.name}" need ${missing().join(", ")} on PATH. Install them (Debian: apt-get install ${packages.join(" ")}; macOS: brew install redis postgresql mariadb memcached etcd) or run \`pnpm test\`, the unit tests alone.`);
}

/** Folders that hold servers but are on no ordinary user's PATH. */
function hiddenFolders(): string[] {
  const postgres = "/usr/lib/postgresql";
  const versions = existsSync(postgres) ? readdirSync(postgres).map((version) => join(postgres, version, "bin")) : [];
  return ["/usr/sbin", "/usr/local/sbin", ...versions];
}

function isOnPath(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function canInstall(): boolean {
  return process.platform === "linux" && process.getuid?.() === 0 && isOnPath("apt-get");
}

/** Installs packages and keeps their services from starting: the tests start their own, on free ports. */
function install(packages: readonly string[]): void {
  console.error(`lingpai: installing ${packages.join(", ")} with apt, for the tests that need real servers…`);
  const policy = "/usr/sbin/policy-rc.d";
  const isOurs = !existsSync(policy);
  if (isOurs) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    for (const args of [["update"], ["install", "-y", "--no-install-recommends", ...packages]]) {
      const { status, stdout, stderr } = spawnSync("apt-get", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
      if (status !== 0) throw new Error(`apt-get ${args.join(" ")} failed:\n${stdout}${stderr}`);
    }
  } finally {
    if (isOurs) rmSync(policy, { force: true });
  }
}
