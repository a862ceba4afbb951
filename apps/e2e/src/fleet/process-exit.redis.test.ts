import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startCluster, startSentinel, type Server } from "@lingpai/test-servers";
import { expect, onTestFinished, test } from "vitest";
import type { Deployment, ExitOrder } from "./exit-order.fixture.ts";

const program = fileURLToPath(new URL("exit-program.fixture.ts", import.meta.url));
/** Much longer than a process needs, and far below the test's own limit. */
const limitMs = 60_000;

/** Resolves to what the process printed and how it ended: 0 when it ended by itself. */
async function run(order: ExitOrder): Promise<readonly unknown[]> {
  const child = spawn(process.execPath, ["--no-warnings", program, JSON.stringify(order)], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: limitMs,
    killSignal: "SIGKILL",
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  const end = await new Promise((resolve) =>
    child.once("close", (code, signal) => resolve(signal ?? code)),
  );
  return [order.key, output.trim(), end];
}

test("no part of Lingpai keeps a process alive after its clients have ended", async () => {
  const [cluster, sentinel, directory] = await Promise.all([
    startCluster(),
    startSentinel(),
    mkdtemp(join(tmpdir(), "exit-")),
  ]);
  onTestFinished(async () => {
    await Promise.all([cluster.stop(), sentinel.stop(), rm(directory, { recursive: true })]);
  });
  const { name } = sentinel;
  const addresses = (servers: readonly Server[]) =>
    servers.map(({ host, port }) => ({ host, port }));
  const alone: Deployment = {
    kind: "standalone",
    addresses: addresses([await sentinel.primary()]),
    name,
  };
  const deployments: readonly Deployment[] = [
    alone,
    { kind: "sentinel", addresses: addresses(sentinel.sentinels), name },
    { kind: "cluster", addresses: addresses(cluster.nodes), name },
  ];
  const file = join(directory, "config.yaml");
  const orders = (["ioredis", "node-redis"] as const).flatMap((client) =>
    deployments.map((deployment): ExitOrder => {
      const key = `${client}-${deployment.kind}`;
      return { client, deployment, key, file };
    }),
  );
  const follower: ExitOrder = { client: "config", deployment: alone, key: "config", file };
  const ends = await Promise.all([...orders, follower].map(run));
  expect(ends).toEqual([
    ...orders.map(({ key }) => [key, `heard of ${key}`, 0]),
    ["config", "follows config", 0],
  ]);
});
