import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startServer } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import { afterAll, beforeAll, expect, test } from "vitest";

interface Printed {
  readonly secrets: readonly string[];
  readonly shown: Readonly<Record<"channels" | "http" | "logs" | "metrics" | "spans", string>>;
}

const program = fileURLToPath(new URL("instrumented.fixture.ts", import.meta.url));
let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

async function run(...switches: readonly string[]): Promise<Printed> {
  const args = ["--no-warnings", program, String(server.port), ...switches];
  await server.command("FLUSHALL");
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout) as Printed;
}

/** The names of the outputs that contain eight consecutive characters of a secret. */
function leaking({ secrets, shown }: Printed): string[] {
  const pieces = secrets.flatMap((secret) =>
    Array.from({ length: secret.length - 7 }, (_, at) => secret.slice(at, at + 8)),
  );
  return Object.keys(shown).filter((name) =>
    pieces.some((piece) => shown[name as keyof typeof shown].includes(piece)),
  );
}

test("with every instrumentation installed, a sealed store and masked URLs leave no secret in telemetry", async () => {
  const printed = await run("sealed", "masked");
  const { channels, logs, metrics, spans } = printed.shown;
  // Each instrumentation was at work.
  for (const seen of ["evalsha", "GET", "lingpai.refresh", "REDACTED", "@fastify/otel"])
    expect([seen, spans.toLowerCase().includes(seen.toLowerCase())]).toEqual([seen, true]);
  expect(logs).toContain("lingpai.credential.refreshed");
  expect(metrics).toContain("lingpai.provider.fetches");
  expect(channels).toContain("lingpai:credential");
  expect(channels).toMatch(/tracing:(ioredis|node-redis):command/);
  // Node's own channels hold the request, and so its URL: the check can see a token.
  expect(leaking(printed)).toEqual(["http"]);
});

test("without the mask, a span of the HTTP client holds the token", async () => {
  expect(leaking(await run("sealed", "unmasked"))).toEqual(["http", "spans"]);
});

test("an unsealed store that is traced raises the event", async () => {
  const printed = await run("unsealed", "masked");
  expect(leaking(printed)).toContain("channels");
  expect(printed.shown.logs).toContain("lingpai.credential.unsealed-and-traced");
});
