/** Who traces a driver of a database, or reads its debug output, sees no sealed token, and an unsealed one is reported. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { etcd, mariadb, memcached, postgres, startServer } from "@lingpai/test-servers";
import type { Database } from "@lingpai/test-servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const marker = "QZ7f-Marker-kV3x-Token-9pLw-R2dN";
const observer = new URL("tracing.fixture.ts", import.meta.url).pathname;
/** Everything that the drivers, and what they stand on, can be told to print. */
const loud = { DEBUG: "*", NODE_DEBUG: "net,stream,http2,tls", GRPC_TRACE: "all", GRPC_VERBOSITY: "DEBUG" };

interface Observed {
  /** Of the credential's events. */
  readonly types: readonly string[];
  readonly channels: readonly string[];
  readonly text: string;
  readonly printed: string;
}

async function observed(library: string, { url }: Pick<Running, "url">, seal: string): Promise<Observed> {
  const args = ["--no-warnings", observer, library, url, seal];
  const env = { ...process.env, ...loud };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env, maxBuffer: 256 << 20 });
  const lines = stdout.trimEnd().split("\n");
  return { ...(JSON.parse(lines.at(-1) ?? "") as Omit<Observed, "printed">), printed: lines.slice(0, -1).join("\n") + stderr };
}

/** As a text or in hex, as our statements and mysql2's packets have it. Any eight characters are too many. */
function partsShown(output: string): string[] {
  const parts = Array.from({ length: marker.length - 7 }, (_, start) => marker.slice(start, start + 8));
  const lower = output.toLowerCase();
  return parts.filter((part) => output.includes(part) || lower.includes(Buffer.from(part).toString("hex")));
}

type Running = Pick<Database, "url" | "stop">;

const redis = async (): Promise<Running> => {
  const server = await startServer();
  return { url: `redis://${server.host}:${server.port}`, stop: () => server.stop() };
};

interface Case {
  readonly library: string;
  start(): Promise<Running>;
  /** Where an unsealed token is to be seen. */
  readonly unsealed: "nowhere" | "channels" | "print";
}

const cases: readonly Case[] = [
  { library: "pg", start: postgres, unsealed: "nowhere" },
  { library: "mysql2", start: mariadb, unsealed: "channels" },
  { library: "mysql2 with debug", start: mariadb, unsealed: "print" },
  { library: "etcd3", start: etcd, unsealed: "nowhere" },
  { library: "memjs", start: memcached, unsealed: "nowhere" },
  { library: "ioredis", start: redis, unsealed: "channels" },
  { library: "@redis/client", start: redis, unsealed: "channels" },
];

describe.each(cases)("somebody who traces $library", { timeout: 120_000 }, ({ library, start, unsealed }) => {
  let server: Running;
  beforeAll(async () => {
    server = await start();
  }, 120_000);
  afterAll(() => server.stop());

  test("sees no part of a sealed token, on any channel and in no debug output", async () => {
    const { types, text, printed } = await observed(library, server, "5e".repeat(32));
    expect(partsShown(text)).toEqual([]);
    expect(partsShown(printed)).toEqual([]);
    expect(types).toContain("refreshed");
    expect(types).not.toContain("unsealed-and-traced");
  });

  test("sees an unsealed one where SECURITY.md says so, and is reported then", async () => {
    const { types, text, printed } = await observed(library, server, "");
    expect({ library, channels: partsShown(text).length > 0, print: partsShown(printed).length > 0 }).toEqual({
      library,
      channels: unsealed !== "nowhere",
      print: unsealed === "print",
    });
    expect(types.includes("unsealed-and-traced")).toBe(unsealed !== "nowhere");
  });
});
