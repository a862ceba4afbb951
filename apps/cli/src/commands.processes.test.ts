/** The commands for operators, over a SQLite file and the simulated platform. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { sqliteStore } from "@lingpai/adapter-sqlite";
import { eventLog } from "@lingpai/event-log";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Simulator } from "@lingpai/wechat-simulator";
import { listen } from "@lingpai/wechat-simulator/server";
import { runLingpai } from "./run.ts";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

const appId = "wx0123456789abcdef";
const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";
const main = fileURLToPath(new URL("main.ts", import.meta.url));

let folder: string;
let platform: Awaited<ReturnType<typeof listen>>;
let simulator: Simulator;
let config: string;
let number = 0;
let files = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "lingpai-cli-"));
  simulator = createSimulator({ accounts: [{ appId, secret }] });
  platform = await listen(simulator);
});
afterAll(async () => {
  await platform.close();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  number += 1;
  config = join(folder, `lingpai-${number}.yaml`);
  writeFileSync(join(folder, `store-${number}.sqlite`), "");
  writeFileSync(
    config,
    [
      `store: { url: "sqlite:${join(folder, `store-${number}.sqlite`)}" }`,
      `apps: { main: { appId: ${appId}, secret: "${secret}", baseUrl: "${platform.url}" } }`,
    ].join("\n"),
  );
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command as a user does, in a process of its own. */
async function lingpai(args: readonly string[], given: { stdin?: string; env?: object } = {}) {
  const names = Object.keys(process.env).filter((name) => !name.startsWith("LINGPAI_"));
  const clean = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  const child = spawn(process.execPath, [main, ...args], {
    cwd: folder,
    env: { ...clean, NO_COLOR: "1", ...given.env },
  });
  child.stdin.end(given.stdin ?? "");
  const code = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const ended: Ended = { code: await code, out, err };
  return ended;
}

/** Runs it within this process, because a process of its own takes a second. */
async function here(...args: readonly string[]): Promise<Ended> {
  const [out, err]: [string[], string[]] = [[], []];
  const write = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
  const code = await runLingpai(args, write);
  return { code, out: out.join("\n"), err: err.join("\n") };
}

function file(content: string): string {
  const path = join(folder, `given-${(files += 1)}.txt`);
  writeFileSync(path, `${content}\n`);
  return path;
}

const own = (): readonly string[] => ["--config", config, "--environment", "production"];
const tokenOf = async (): Promise<string> => (await here("token", ...own())).out;

describe("the commands of one credential", () => {
  test("token prints the token alone on stdout and its description on stderr, and fetches once", async () => {
    const before = simulator.log.fetches(appId, "/cgi-bin/stable_token").length;
    const first = await lingpai(["token", ...own()]);
    expect(first).toMatchObject({ code: 0, out: expect.stringMatching(/^\S{30,}\n$/) as string });
    expect(first.err).toContain("generation 1");
    const second = await here("token", ...own(), "--json");
    expect(JSON.parse(second.out)).toMatchObject({
      id: `wechat:stable:${appId}`,
      token: first.out.trim(),
    });
    expect(simulator.log.fetches(appId, "/cgi-bin/stable_token").length - before).toBe(1);
  });

  test("refresh replaces a token, and reject keeps one that the platform calls alive", async () => {
    const first = await tokenOf();
    const refreshed = await here("refresh", ...own());
    expect(refreshed).toMatchObject({ code: 0, out: "" });
    const second = await tokenOf();
    expect(second).not.toBe(first);
    const options = ["reject", ...own(), "--code", "40001", "--json", "--token-file"];
    const kept = await here(...options, file(second));
    expect(JSON.parse(kept.out)).toMatchObject({ replaced: false });
    const old = await here(...options, file(first));
    expect(JSON.parse(old.out)).toMatchObject({ replaced: true });
    expect(await tokenOf()).toBe(second);
  });

  test("revoke makes the platform forget the leaked token", async () => {
    const plain = [...own(), "--mode", "plain"];
    const leaked = (await here("token", ...plain)).out;
    expect(await here("revoke", ...plain)).toMatchObject({ code: 0, out: "" });
    const call = `${platform.url}/cgi-bin/user/info?openid=o&access_token=${leaked}`;
    expect(await (await fetch(call)).json()).toMatchObject({ errcode: 40001 });
  });

  test("seed stores a token for the fleet that was obtained elsewhere", async () => {
    const given = "71_obtained-elsewhere";
    const seeded = await here(
      "seed",
      ...own(),
      "--expires-in",
      "7200",
      "--age",
      "60",
      "--token-file",
      file(given),
    );
    expect(seeded).toMatchObject({ code: 0, out: "" });
    expect(await tokenOf()).toBe(given);
    expect(
      await here("seed", ...own(), "--expires-in", "60", "--token-file", file("")),
    ).toMatchObject({
      code: 2,
      err: expect.stringContaining("nothing where the token should be") as string,
    });
  });

  test("unclaim gives up a claim, and reports a missing one", async () => {
    await tokenOf();
    const id = `wechat:stable:${appId}`;
    const gone = await here("unclaim", id, ...own(), "--json");
    expect({ code: gone.code, ...(JSON.parse(gone.out) as object) }).toMatchObject({
      code: 0,
      released: true,
    });
    expect(await here("unclaim", id, ...own())).toMatchObject({ code: 1, out: "" });
  });

  test("a platform that refuses causes exit code 4, and a missing store exit code 3", async () => {
    writeFileSync(config, readFileSync(config, "utf8").replace(secret, "f".repeat(32)));
    const refused = await here("token", ...own());
    expect(refused).toMatchObject({ code: 4, out: "" });
    expect(refused.err).toContain("40125");
    expect(refused.err).not.toContain("ffffffff");
    const doctor = await here("doctor", ...own(), "--json");
    expect(doctor.code).toBe(4);
    const nowhere = ["--store", "redis://127.0.0.1:1", "--environment", "production"];
    expect(await here("doctor", ...nowhere)).toMatchObject({ code: 3, out: "" });
    for (const args of [
      ["doctor", "--nonsense"],
      ["nonsense"],
      ["doctor"],
      ["token", "--mode", "x"],
    ])
      expect(await lingpai(args), args.join(" ")).toMatchObject({ code: 2, out: "" });
  });
});

describe("the rules of every command", () => {
  test("options come from variables, and a secret from a file or stdin, never from an argument", async () => {
    const store = `sqlite:${join(folder, `store-${number}.sqlite`)}`;
    const env = {
      LINGPAI_STORE: store,
      LINGPAI_ENVIRONMENT: "staging",
      LINGPAI_APP_ID: appId,
      LINGPAI_APPS_MAIN_BASE_URL: platform.url,
    };
    const told = await lingpai(["token", "--secret-file", "-"], { env, stdin: secret });
    expect(told).toMatchObject({ code: 0, err: expect.stringContaining("staging") as string });
    const status = await lingpai(["status"], { env: { ...env, LINGPAI_JSON: "1" } });
    expect(JSON.parse(status.out)).toMatchObject({ credentials: [{ environment: "staging" }] });
  });

  test("colours follow FORCE_COLOR and NO_COLOR, and a spinner appears on a terminal only", async () => {
    await tokenOf();
    const coloured = await lingpai(["doctor", ...own()], {
      env: { NO_COLOR: undefined, FORCE_COLOR: "1" },
    });
    expect(coloured.out).toContain("\u001B[");
    const plain = await lingpai(["doctor", ...own()]);
    expect(plain).toMatchObject({ code: 0, err: "" });
    expect(plain.out).toMatch(/^Nothing is wrong: \d+ checks ok\./);
  });
});

test("config check prints every value with its place and no secret, or every problem", async () => {
  const good = await here("config", "check", ...own());
  expect(good).toMatchObject({ code: 0, err: expect.stringContaining("no problem") as string });
  expect(good.out).toContain("apps.main.appId");
  expect(good.out).not.toContain(secret.slice(0, 12));
  writeFileSync(config, "apps: { main: { appid: wx0123456789abcdef, mode: fast } }\n");
  const bad = await here("config", "check", ...own(), "--json");
  expect(bad.code).toBe(1);
  const { problems } = JSON.parse(bad.out) as { problems: { text: string }[] };
  expect(problems.length).toBeGreaterThan(1);
});

test("events prints the servers' stored events, one JSON object a line, and then follows new ones", async () => {
  const { cache } = sqliteStore(join(folder, `store-${number}.sqlite`));
  const log = eventLog({ cache: cache.withPrefix("production"), gatherMs: 0 });
  log.append("fleet", { type: "refreshed", ref: "wechat:stable:wx1", generation: 1 });
  await log.flush();
  const stored = await here("events", ...own(), "--no-follow", "--json");
  const lines = stored.out.trim().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { event: unknown }).event)).toEqual([
    { type: "refreshed", ref: "wechat:stable:wx1", generation: 1 },
  ]);

  const names = Object.entries(process.env).filter(([name]) => !name.startsWith("LINGPAI_"));
  const child = spawn(process.execPath, [main, "events", ...own()], {
    env: Object.fromEntries(names),
  });
  const seen: string[] = [];
  child.stdout.on("data", (piece: Buffer) => seen.push(piece.toString()));
  await expect.poll(() => seen.join("")).toContain("refreshed");
  log.append("fleet", { type: "contended", ref: "wechat:stable:wx1" });
  await expect.poll(() => seen.join("")).toContain("contended");
  child.kill("SIGINT");
  expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(0);
  await log.close();
  await cache.close();
});

test("simulate serves the platform, prints its address first, and ends at Ctrl-C", async () => {
  const child = spawn(process.execPath, [main, "simulate"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = await new Promise<string[]>((resolve) =>
    child.stdout.once("data", (piece: Buffer) => resolve(piece.toString().split("\n"))),
  );
  const asked = `${line}/cgi-bin/token?grant_type=client_credential&appid=${appId}&secret=0123456789abcdef0123456789abcdef`;
  expect(await (await fetch(asked)).json()).toMatchObject({ expires_in: 7_200 });
  child.kill("SIGINT");
  expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(0);
});
