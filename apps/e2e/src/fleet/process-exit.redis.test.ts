import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { startServer } from "@lingpai/test-servers";
import { expect, onTestFinished, test } from "vitest";

const program = fileURLToPath(new URL("exit-program.fixture.ts", import.meta.url));
/** Much longer than a process needs, and far below the test's own limit. */
const limitMs = 60_000;

async function run(
  name: string,
  url: string,
): Promise<{ name: string; end: unknown; output: string }> {
  const child = spawn(process.execPath, ["--no-warnings", program, name, url], {
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
  return { name, end, output: output.trim() };
}

test("no subscription of ours keeps a process alive whose own client is gone", async () => {
  const server = await startServer();
  onTestFinished(() => server.stop());
  const names = ["ioredis", "node-redis"];
  const ends = await Promise.all(names.map((name) => run(name, server.url)));
  expect(ends).toEqual(names.map((name) => ({ name, end: 0, output: "heard of k" })));
});
