import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig, openConfig } from "./open-config.ts";
import { problemText } from "../problem.ts";
import type { ConfigSource, Trust } from "../source.ts";
import { fileSource } from "../sources/files/file.ts";
import {
  appId,
  minimal,
  refusalOf,
  scripted,
  sealingKey,
  secret,
  world,
} from "../world.fixture.ts";

let directory = "";
const rotated = "0123456789abcdef0123456789abcdef";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lingpai-config-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe("a source that is watched", () => {
  test("whose watch fails is reported once and shown in the status until it works again", async () => {
    let isBroken = true;
    const flaky: ConfigSource = {
      name: "centre",
      load: async () => [],
      async watch({ changed, signal }) {
        if (isBroken) throw new Error("cut");
        changed();
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      },
    };
    const { clock, events, options } = world(scripted("first", minimal), flaky);
    const config = await openConfig(options);
    await clock.advance(10_000);
    const problems = [
      "centre: could not be read (Error). Check whether it exists and may be read.",
    ];
    expect(config.status[1]).toMatchObject({ name: "centre", watch: "failing", problems });
    isBroken = false;
    await clock.advance(20_000);
    expect(config.status.map(({ name, watch, problems: found }) => [name, watch, found])).toEqual([
      ["first", "starting", []],
      ["centre", "listening", []],
    ]);
    expect(events.slice(1)).toEqual([
      expect.objectContaining({ type: "watch-failed", source: "centre", problems }),
      expect.objectContaining({ type: "watch-recovered", source: "centre" }),
    ]);
    await config.close();
  });

  test("that loses its settings for a moment keeps them, even if a fresh value is requested at that moment", async () => {
    const base = join(directory, "lingpai.yaml");
    const overlay = join(directory, "lingpai.prod.yaml");
    await writeFile(base, `apps: { main: { appId: ${appId}, secret: ${secret} } }`);
    await writeFile(overlay, `apps: { main: { secret: ${rotated}, mode: plain } }`);
    let looks = 0;
    const file = fileSource(base);
    const source: ConfigSource = {
      name: file.name,
      load: (context) => file.load(context).finally(() => (looks += 1)),
    };
    const { clock, events, options } = world(source);
    const config = await openConfig(options);
    const now = (): unknown[] => [
      config.current.apps["main"]?.secret?.reveal(),
      config.current.apps["main"]?.mode,
    ];
    for (const change of [
      () => rm(overlay),
      () => writeFile(overlay, ""),
      () => writeFile(overlay, "apps: { main: {"),
    ]) {
      looks = 0;
      await change();
      const asked = config.reload();
      await expect.poll(() => looks).toBe(1);
      await writeFile(overlay, `apps: { main: { secret: ${rotated}, mode: plain } }`);
      await clock.advance(300);
      expect(await asked).toEqual([]);
      expect([looks, ...now()]).toEqual([2, rotated, "plain"]);
    }
    looks = 0;
    await writeFile(overlay, "");
    const asked = config.reload();
    await expect.poll(() => looks).toBe(1);
    await clock.advance(300);
    expect((await asked).map(problemText)).toEqual([
      expect.stringContaining("is empty, and had settings before. Those stay in force."),
    ]);
    expect([now(), events.map(({ type }) => type)]).toEqual([
      [rotated, "plain"],
      ["loaded", "kept"],
    ]);
    await config.close();
  });

  test("that disappears as a whole keeps its settings until the process is restarted", async () => {
    const centre = scripted("centre", { apps: { main: { secret: rotated } } });
    const { clock, options } = world(scripted("first", minimal), centre);
    const config = await openConfig(options);
    centre.holds({});
    centre.tell();
    await clock.advance(300);
    expect(config.current.apps["main"]?.secret?.reveal()).toBe(rotated);
    expect(config.status[1]?.problems).toEqual([
      expect.stringContaining("centre: is empty or missing, and had settings before."),
    ]);
    await config.close();
    expect((await loadConfig(options)).apps["main"]?.secret?.reveal()).toBe(secret);
  });
});

describe("a snapshot", () => {
  const remote = (held: object | Error): ConfigSource & { holds(next: object | Error): void } => {
    const source = scripted("centre", held);
    return Object.assign(source, { isRemote: true });
  };
  const down = new Error("connect ECONNREFUSED");

  test("lets a process start while its centre is down, and reports its age", async () => {
    const snapshot = { directory: join(directory, "snapshots"), key: sealingKey };
    const centre = remote({ apps: { main: { appId, secret: rotated } } });
    const first = world(centre);
    await (await openConfig({ ...first.options, snapshot })).close();
    centre.holds(down);
    const { clock, events, options } = world(centre);
    await clock.advance(90 * 60_000);
    const config = await openConfig({ ...options, snapshot });
    expect(config.current.apps["main"]?.secret?.reveal()).toBe(rotated);
    expect(config.status[0]).toMatchObject({ isSnapshot: true, readAtMs: first.clock.wallMs() });
    expect(events.at(-1)).toMatchObject({
      type: "snapshot-used",
      source: "centre",
      ageMs: 90 * 60_000,
    });
    centre.holds({ apps: { main: { appId, secret } } });
    expect(await config.reload()).toEqual([]);
    expect([config.current.apps["main"]?.secret?.reveal(), config.status[0]?.isSnapshot]).toEqual([
      secret,
      false,
    ]);
    await config.close();
  });

  test("that is sealed opens with its key alone; without a key it contains no secret", async () => {
    const centre = remote({ apps: { main: { appId, secret } } });
    const sealedThere = { directory: join(directory, "sealed"), key: sealingKey };
    await loadConfig({ ...world(centre).options, snapshot: sealedThere });
    const plain = { directory: join(directory, "plain") };
    await loadConfig({ ...world(centre).options, snapshot: plain });
    const texts = await contentsOf(sealedThere.directory, plain.directory);
    expect(texts.join("")).not.toContain(secret.slice(0, 8));
    expect(texts[1]).toContain(appId);
    centre.holds(down);
    const other = { ...sealedThere, key: "0".repeat(63) + "1" };
    expect(await refusalOf(loadConfig({ ...world(centre).options, snapshot: other }))).toContain(
      "does not open with this key",
    );
    expect(await refusalOf(loadConfig({ ...world(centre).options, snapshot: plain }))).toContain(
      "apps.main.secret is missing",
    );
    expect(
      await refusalOf(
        loadConfig({ ...world(centre).options, environment: "staging", snapshot: sealedThere }),
      ),
    ).toContain("centre: could not be read");
  });

  test("is not written for an unusable configuration, and a directory that cannot be written is reported", async () => {
    const centre = remote({ apps: { main: { appId, secret } } });
    const snapshot = { directory, key: sealingKey };
    const made = world(centre);
    const config = await openConfig({ ...made.options, snapshot });
    const [before] = await contentsOf(directory);
    await config.reload();
    // Each sealing uses another nonce, so equal bytes mean that nothing was written.
    expect((await contentsOf(directory))[0]).toBe(before);
    centre.holds({ apps: { main: { appId, secret, mode: "nonsense" } } });
    const asked = config.reload();
    await made.clock.advance(300);
    expect(await asked).toHaveLength(1);
    expect((await contentsOf(directory))[0]).toBe(before);
    await config.close();
    const blocked = { directory: join(directory, "file"), key: sealingKey };
    await writeFile(blocked.directory, "");
    const live = await openConfig({
      ...world(scripted("first", minimal), remote({ node: "a" })).options,
      snapshot: blocked,
    });
    expect(live.status[1]?.problems ?? []).toEqual([]);
    expect((await live.reload()).map(problemText)).toEqual([
      expect.stringContaining("could not be written"),
    ]);
    await live.close();
  });
});

describe("a baseUrl from another source than the secret's", () => {
  const proxy = "https://proxy.example.com:8443";
  const given = (trust: Trust, config: object): ConfigSource => ({
    ...scripted(String(trust), config),
    trust,
  });
  const secretFrom = (trust: Trust): ConfigSource =>
    given(trust, { apps: { main: { appId, secret } } });
  const addressFrom = (trust: Trust, baseUrl: string): ConfigSource =>
    given(trust, { apps: { main: { baseUrl } } });

  test.each([
    ["centres", "variables", false],
    ["centres", "centres", false],
    ["variables", "secrets", false],
    ["files", "code", false],
    ["secrets", "variables", true],
    ["code", "secrets", true],
    ["files", "variables", true],
  ] as const)("from %s, for a secret from %s", async (address, of, isTaken) => {
    const { options } = world(secretFrom(of), addressFrom(address, proxy));
    const loaded = loadConfig(options);
    expect(await refusalOf(loaded)).toContain(
      isTaken
        ? "nothing was refused"
        : 'which is not a host of the platform. Put baseUrl into the source of the secret, or pass allowedHosts: ["proxy.example.com:8443"].',
    );
    const allowed = await loadConfig({ ...options, allowedHosts: ["proxy.example.com"] });
    expect(allowed.apps["main"]?.baseUrl).toBe(proxy);
  });

  test.each([
    "https://api.weixin.qq.com",
    "https://sh.api.weixin.qq.com",
    "https://qyapi.weixin.qq.com",
    "http://127.0.0.1:8080",
  ])("is accepted for %s from any source", async (baseUrl) => {
    const { options } = world(secretFrom("secrets"), addressFrom("centres", baseUrl));
    expect((await loadConfig(options)).apps["main"]?.baseUrl).toBe(baseUrl);
  });

  test.each([
    "https://api.weixin.qq.com.example.com",
    "https://weixin.qq.com.cn",
    "https://notweixin.qq.com",
  ])("is refused for %s", async (baseUrl) => {
    const { options } = world(secretFrom("secrets"), addressFrom("centres", baseUrl));
    expect(await refusalOf(loadConfig(options))).toContain("which is not a host of the platform");
  });
});

async function contentsOf(...directories: readonly string[]): Promise<readonly string[]> {
  const { readdir, readFile } = await import("node:fs/promises");
  const texts: string[] = [];
  for (const each of directories)
    for (const name of await readdir(each)) texts.push(await readFile(join(each, name), "utf8"));
  return texts;
}
