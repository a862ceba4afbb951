#!/usr/bin/env node
/**
 * The entry to the workspace: `npm test` and `npm run demo` on a machine with only Node 20 and npm.
 *
 * Called by npm, it gets pnpm through npx and installs exactly what the lockfile says, including
 * the workspace's own Node. Called by pnpm, the workspace is already installed. Either way the task
 * then runs in `tasks.ts` under the workspace's Node, never the caller's. It is plain JavaScript
 * without imports from packages, because nothing is installed when it starts.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const pnpm = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).packageManager;

/**
 * The Node that runs the task: 24 unless LINGPAI_NODE asks for another one that
 * `scripts/package.json` installs.
 */
const wanted = process.env["LINGPAI_NODE"] ?? "24";
const node = join(
  root,
  "scripts/node_modules",
  `node-${wanted}`,
  "bin",
  process.platform === "win32" ? "node.exe" : "node",
);

/**
 * The caller's environment without npm's own settings: pnpm would take npm's log level and prefix
 * for its own.
 */
function cleanEnvironment() {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^(npm_|pnpm_|INIT_CWD$)/i.test(name) ||
      /^npm_config_(https?_?proxy|registry|cafile)/i.test(name),
  );
  return Object.fromEntries(kept);
}

function install() {
  console.error(
    `lingpai: installing the locked dependencies with ${pnpm} (it brings Node ${wanted})…`,
  );
  const args = [
    "exec",
    "--yes",
    "--loglevel=error",
    `--package=${pnpm}`,
    "--",
    "pnpm",
    "install",
    "--frozen-lockfile",
    "--reporter=append-only",
    "--config.confirmModulesPurge=false",
  ];
  const npmCli = process.env["npm_execpath"];
  const [file, first, shell] = npmCli?.endsWith(".js")
    ? [process.execPath, [npmCli], false]
    : ["npm", [], process.platform === "win32"];
  const done = spawnSync(file, [...first, ...args], {
    cwd: root,
    env: cleanEnvironment(),
    shell,
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (done.status === 0) return;
  console.error(`${done.stdout ?? ""}${done.stderr ?? ""}${done.error?.message ?? ""}`);
  fail(
    "the installation failed, see above. It needs npm, a package registry that npm can reach, and a lockfile that matches every package.json.",
  );
}

/**
 * Ends with the count that readers of a test run look for: nothing ran, which is a failure.
 *
 * @param {string} message
 */
function fail(message) {
  console.error(`lingpai: ${message}`);
  if (process.argv[2] !== "demo") console.log("0 passed, 1 failed");
  process.exit(1);
}

const calledByPnpm = process.env["npm_config_user_agent"]?.startsWith("pnpm/") ?? false;
const isInsideTests = process.env["LINGPAI_TEST_RUN"] === "1";
if (!calledByPnpm && !isInsideTests) install();
if (!existsSync(node)) {
  fail(
    `there is no Node "${wanted}" in the workspace. Run pnpm install; LINGPAI_NODE takes 22, 24 or 26.`,
  );
}
const bin = join(root, "node_modules/.bin");
const { status, signal } = spawnSync(
  node,
  [join(root, "scripts/tasks.ts"), calledByPnpm ? "pnpm" : "npm", ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: "inherit",
    env: {
      ...cleanEnvironment(),
      PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}`,
      TURBO_TELEMETRY_DISABLED: "1",
      DO_NOT_TRACK: "1",
      // Hundreds of processes run the same sources, and half of a short one's time is compiling.
      NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? join(root, ".cache/compiled"),
    },
  },
);
process.exitCode = signal ? 1 : status;
