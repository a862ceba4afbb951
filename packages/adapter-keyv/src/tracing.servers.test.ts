/**
 * A tracer of a database driver, or a reader of its debug output, sees no sealed token. An unsealed
 * one is reported.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { etcd, mariadb, memcached, postgres, startServer } from "@lingpai/test-servers";
import type { Database } from "@lingpai/test-servers";
import { beforeAll, describe, expect, test } from "vitest";

const marker = "QZ7f-Marker-kV3x-Token-9pLw-R2dN";
const observer = new URL("tracing.fixture.ts", import.meta.url).pathname;
/** Switches on all debug output of the drivers and their dependencies. */
const loud = {
  DEBUG: "*",
  NODE_DEBUG: "net,stream,http2,tls",
  GRPC_TRACE: "all",
  GRPC_VERBOSITY: "DEBUG",
};

interface Observed {
  /** Types of the credential's events. */
  readonly types: readonly string[];
  readonly text: string;
  readonly printed: string;
}

/** The output while a token was stored sealed, and then unsealed. */
async function observed(
  library: string,
  { url }: Pick<Running, "url">,
): Promise<readonly [sealed: Observed, open: Observed]> {
  const args = ["--no-warnings", observer, library, url];
  const env = { ...process.env, ...loud };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
    env,
    maxBuffer: 256 << 20,
  });
  const lines = stdout.trimEnd().split("\n");
  const printed = [lines.slice(0, -2).join("\n"), stderr].map((stream) =>
    stream.split("--- open from here ---"),
  );
  return [0, 1].map((part) => ({
    ...(JSON.parse(lines.at(part - 2) ?? "") as Omit<Observed, "printed">),
    printed: printed.map((stream) => stream[part]).join("\n"),
  })) as unknown as readonly [Observed, Observed]; // two, according to the list above
}

/**
 * The token as text, or in hex as our statements and mysql2's packets contain it. Any eight
 * characters of it are too many.
 */
function partsShown(output: string): string[] {
  const parts = Array.from({ length: marker.length - 7 }, (_, start) =>
    marker.slice(start, start + 8),
  );
  const lower = output.toLowerCase();
  return parts.filter(
    (part) => output.includes(part) || lower.includes(Buffer.from(part).toString("hex")),
  );
}

type Running = Pick<Database, "url" | "stop">;

const redis = async (): Promise<Running> => {
  const server = await startServer();
  return { url: `redis://${server.host}:${server.port}`, stop: () => server.stop() };
};

interface Case {
  readonly library: string;
  start(): Promise<Running>;
  /** The places where an unsealed token can be seen. */
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

describe.each(cases)("a tracer of $library", ({ library, start, unsealed }) => {
  let sealed: Observed;
  let open: Observed;
  beforeAll(async () => {
    const server = await start();
    [sealed, open] = await observed(library, server).finally(() => server.stop());
  }, 120_000);

  test("sees no part of a sealed token, on any channel and in no debug output", () => {
    expect(partsShown(sealed.text)).toEqual([]);
    expect(partsShown(sealed.printed)).toEqual([]);
    expect(sealed.types).toContain("refreshed");
    expect(sealed.types).not.toContain("unsealed-and-traced");
  });

  test("sees an unsealed token where SECURITY.md says so, and the credential reports it", () => {
    expect({
      library,
      channels: partsShown(open.text).length > 0,
      print: partsShown(open.printed).length > 0,
    }).toEqual({
      library,
      channels: unsealed !== "nowhere",
      print: unsealed === "print",
    });
    expect(open.types.includes("unsealed-and-traced")).toBe(unsealed !== "nowhere");
  });
});
