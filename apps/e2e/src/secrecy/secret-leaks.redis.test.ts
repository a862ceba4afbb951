import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { openWire, startServer } from "@lingpai/test-servers";
import { expect, onTestFinished, test } from "vitest";
import type { Outputs } from "./leak-program.fixture.ts";
import { drivers } from "../fleet/redis-clients.fixture.ts";

const program = fileURLToPath(new URL("leak-program.fixture.ts", import.meta.url));

/** Runs the program and returns its message and its output. */
async function run(...args: string[]): Promise<Outputs & { readonly output: string }> {
  const child = spawn(process.execPath, ["--no-warnings", program, ...args], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk) => (output += String(chunk)));
  const received: Outputs[] = [];
  child.on("message", (message) => received.push(message as Outputs));
  const code = await new Promise((resolve) => child.once("close", resolve));
  const [outputs] = received;
  if (code !== 0 || outputs === undefined)
    throw new Error(`The process ended with ${String(code)}.\n${output}`);
  return { ...outputs, output };
}

/** Returns every substring of eight characters. */
function pieces(secret: string): readonly string[] {
  return Array.from({ length: secret.length - 7 }, (_, at) => secret.slice(at, at + 8));
}

test.each(drivers)(
  "over $name, no output of any kind contains eight characters of a secret",
  async ({ name }) => {
    const server = await startServer({
      config: ["slowlog-log-slower-than 0", "slowlog-max-len 100000"],
    });
    onTestFinished(() => server.stop());
    let monitored = "";
    const monitor = await openWire(server, (line) => (monitored += `${String(line)}\n`));
    onTestFinished(() => monitor.close());
    await monitor.command("MONITOR");
    const { control, output, secrets, shown } = await run(name, String(server.port));
    const sinks: Record<string, string> = {
      ...shown,
      output,
      monitored,
      slowlog: JSON.stringify(await server.command("SLOWLOG", "GET", "100000")),
    };
    // The AppSecret, the sealing key, and at least the tokens of the first fetch, the refresh and
    // the replacement.
    expect(secrets.length).toBeGreaterThanOrEqual(5);
    for (const sink of ["spans", "monitored", "slowlog"])
      expect([sink, sinks[sink]?.includes(control)]).toEqual([sink, true]);
    for (const sink of ["errors", "events", "diagnostics", "objects", "output"])
      expect([sink, (sinks[sink] ?? "").length > 1_000]).toEqual([sink, true]);
    const found = Object.entries(sinks).flatMap(([sink, text]) =>
      secrets.flatMap((secret) => {
        const piece = pieces(secret).find((each) => text.includes(each));
        const at = text.indexOf(piece ?? "");
        return piece === undefined
          ? []
          : [`${sink}: …${text.slice(Math.max(0, at - 200), at + 20)}…`];
      }),
    );
    expect(found).toEqual([]);
  },
);
