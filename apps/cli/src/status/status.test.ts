import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryStore, type MemoryStore } from "@lingpai/adapter-memory";
import { sqliteStore } from "@lingpai/adapter-sqlite";
import { credential, type Credential, type CredentialOptions, type Store } from "@lingpai/core";
import { during, manualClock, scriptedIssuer, type ManualClock } from "@lingpai/core/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runStatus, type StatusFlags } from "./command.ts";
import { readStatus } from "./read-status.ts";
import { duration, renderStatus } from "./render-status.ts";

let clock: ManualClock;
let store: MemoryStore;
const open: Credential[] = [];

beforeEach(() => {
  clock = manualClock();
  store = memoryStore({ clock });
});

afterEach(async () => {
  for (const one of open.splice(0)) await done(one.close());
});

const platform = (): ReturnType<typeof scriptedIssuer> =>
  scriptedIssuer({
    clock,
    id: "wx:one",
    latencyMs: 10,
    policy: { kind: "stable", renewWithinMs: 300_000 },
  });

function node(environment: string, options: Partial<CredentialOptions> = {}): Credential {
  const made = credential({
    issuer: platform(),
    store,
    environment,
    node: `${environment}-1`,
    clock,
    onConflict: "coexist",
    ...options,
  });
  open.push(made);
  return made;
}

/** Lets virtual time pass until the work is done. */
const done = <T>(work: Promise<T>): Promise<T> => during(clock, work, 10);

describe("the status", () => {
  test("of an empty store is empty, and says where to look", async () => {
    const reports = await readStatus(store.cache);
    expect(reports).toEqual([]);
    expect(renderStatus(reports)).toContain("Is it the right store");
  });

  test("of a healthy credential shows the node, the time and the reason of its fetch, without the token", async () => {
    const secret = await done(node("production").get());
    await clock.advance(60_000);
    const reports = await readStatus(store.cache);
    expect(reports).toMatchObject([
      {
        id: "wx:one",
        environment: "production",
        state: "live",
        generation: 1,
        by: { node: "production-1", environment: "production", reason: "cold" },
        fetches: 1,
        findings: [],
      },
    ]);
    const text = JSON.stringify(reports) + renderStatus(reports);
    expect(text).toContain("fetched by production-1 (cold) 1 min ago");
    for (const part of secret.reveal().match(/.{8}/g) ?? []) expect(text).not.toContain(part);
  });

  test("of two environments with one AppID says that each endangers the other, and names the remedy", async () => {
    await done(node("production").get());
    await done(node("development").get());
    const reports = await readStatus(store.cache);
    expect(reports.map(({ environment }) => environment)).toEqual(["production", "development"]);
    for (const { findings } of reports)
      expect(findings).toMatchObject([
        { id: "shared", text: expect.stringContaining("AppID of its own") as string },
      ]);
    const [onlyOne, ...others] = await readStatus(store.cache, "development");
    expect(others).toEqual([]);
    expect(onlyOne?.findings).toMatchObject([
      { text: expect.stringContaining('"production"') as string },
    ]);
  });

  test("of a credential that the platform refuses permanently shows the code", async () => {
    const issuer = platform();
    issuer.script({ outcome: "fatal", platformCode: "40125" });
    const refused = node("production", { issuer });
    await done(refused.get()).catch(() => {});
    expect(await readStatus(store.cache)).toMatchObject([
      {
        state: "none",
        findings: [{ id: "refused", text: expect.stringContaining("40125") as string }],
      },
    ]);
  });

  test("of a foreign value under a credential's key is a finding, not a failure", async () => {
    await done(node("production").get());
    await store.cache.withPrefix("production").set("wx:one", "something else");
    expect(await readStatus(store.cache)).toMatchObject([
      { state: "unreadable", findings: [{ id: "unreadable" }] },
    ]);
  });
});

describe("lingpai status", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "lingpai-status-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  async function status(
    address: string,
    more: Partial<StatusFlags> = {},
    seal?: string,
  ): Promise<{ code: number; out: string; err: string }> {
    let out = "";
    let err = "";
    const code = await runStatus(
      { store: address, ...more },
      { out: (text) => (out += text), err: (text) => (err += text) },
      seal === undefined ? {} : { LINGPAI_SEAL: seal },
    );
    return { code, out, err };
  }

  async function fill(seal?: string): Promise<string> {
    const file = join(folder, "tokens.sqlite");
    const sqlite: Store = sqliteStore(file, seal === undefined ? {} : { seal });
    const one = credential({
      issuer: scriptedIssuer({
        clock,
        id: "wx:one",
        policy: { kind: "stable", renewWithinMs: 300_000 },
      }),
      store: sqlite,
      environment: "production",
      node: "n1",
    });
    await one.get();
    await one.close();
    return `sqlite:${file}`;
  }

  test("exits with 0 for a healthy store, and prints one JSON object when asked to", async () => {
    const { code, out, err } = await status(await fill(), { json: true });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(JSON.parse(out)).toMatchObject({ credentials: [{ id: "wx:one", state: "live" }] });
  });

  test("reads a sealed store with its key, and reports it as unreadable without the key", async () => {
    const seal = Buffer.alloc(32, 7).toString("base64");
    const address = await fill(seal);
    expect((await status(address, {}, seal)).code).toBe(0);
    expect(await status(address)).toMatchObject({
      code: 1,
      out: expect.stringMatching("unreadable") as string,
    });
  });

  test("exits with 2 for an invalid key", async () => {
    expect(await status(await fill(), {}, "short")).toMatchObject({ code: 2, out: "" });
  });

  test("exits with 3 and creates no file if the file is missing", async () => {
    const { code, err } = await status(`sqlite:${join(folder, "nothing.sqlite")}`);
    expect(code).toBe(3);
    expect(err).toContain("Check the path");
  });

  test.each(["redis", "postgres"])(
    "exits with 3 if no %s answers at the address",
    async (scheme) => {
      const server = createServer();
      const port = await new Promise<number>((resolve) => {
        server.listen(0, "127.0.0.1", () => {
          const address = server.address();
          resolve(typeof address === "object" ? (address?.port ?? 0) : 0);
        });
      });
      await new Promise((resolve) => server.close(resolve));
      const { code, err } = await status(`${scheme}://127.0.0.1:${port}/0`);
      expect({ code, out: err.startsWith("lingpai: ") }).toEqual({ code: 3, out: true });
    },
  );
});

test.each([
  [0, "0 s"],
  [59_400, "59 s"],
  [60_000, "1 min"],
  [7_140_000, "1 h 59 min"],
  [200_000_000, "2 d 7 h"],
])("%i ms is shown as %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});
