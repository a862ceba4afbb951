import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InvalidConfigError } from "../problem.ts";
import { loadConfig } from "./open-config.ts";
import { fields } from "../schema/schema.ts";
import type { ConfigSource } from "../source.ts";
import { parseDocument } from "../sources/document.ts";
import { objectSource } from "../sources/object.ts";
import { variableSource } from "../sources/files/variables.ts";
import {
  appId,
  minimal,
  refusalOf,
  scripted,
  sealingKey,
  secret,
  world,
} from "../world.fixture.ts";

function yaml(text: string, name = "lingpai.yaml"): ConfigSource {
  return { name: `file ${name}`, load: async () => parseDocument(text, "yaml", name) };
}

const load = (...sources: readonly ConfigSource[]): ReturnType<typeof loadConfig> =>
  loadConfig(world(...sources).options);
const other = "wxfedcba9876543210";

describe("the sources of a configuration", () => {
  test("override each other value by value, and each value knows where it came from", async () => {
    const base = yaml(`
apps:
  main:
    appId: ${appId}
    mode: plain
    overlapMs: 300_000
environments:
  prod:
    store:
      url: redis://10.0.0.5:6379/0
  staging: { apps: { main: { role: consumer } } }
`);
    const variables = variableSource({
      env: { LINGPAI_APPS_MAIN_SECRET: secret, LINGPAI_APPS_MAIN_OVERLAP_MS: "0" },
    });
    const config = await load(base, variables);
    expect(config.apps["main"]).toMatchObject({ appId, mode: "plain", overlapMs: 0 });
    expect(config.apps["main"]?.secret?.reveal()).toBe(secret);
    expect(config.values.map(({ path, place }) => `${path} ${place}`)).toEqual([
      "apps.main.appId lingpai.yaml:4",
      "apps.main.mode lingpai.yaml:5",
      "apps.main.overlapMs LINGPAI_APPS_MAIN_OVERLAP_MS",
      "store.url lingpai.yaml:10",
      "apps.main.secret LINGPAI_APPS_MAIN_SECRET",
    ]);
  });

  test("are overridden by later sources, whichever section the value is in", async () => {
    const special = objectSource({ ...minimal, environments: { prod: { node: "special" } } });
    expect((await load(special, objectSource({ node: "later" }))).node).toBe("later");
    expect((await load(objectSource({ node: "earlier" }), special)).node).toBe("special");
    expect(
      (
        await load(
          objectSource({
            ...minimal,
            node: "general",
            environments: { prod: { node: "special" } },
          }),
        )
      ).node,
    ).toBe("special");
  });

  test("apply to this environment alone if their scope says so", async () => {
    const shared = { apps: { main: { appId, secret, mode: "plain" } } };
    const both = { environments: { prod: {}, staging: {} } };
    await expect(
      load(objectSource(both), objectSource(shared, { scope: "environment" })),
    ).resolves.toMatchObject({ environment: "prod" });
    expect(await refusalOf(load(objectSource(both), objectSource(shared)))).toContain(
      'applies to both "prod" and "staging"',
    );
  });

  test("replace a mapping only by its own values, never by an empty mapping", async () => {
    await expect(
      load(objectSource(minimal), objectSource({ apps: {}, store: {} })),
    ).resolves.toMatchObject({ apps: { main: { appId } } });
  });

  test("give a store with its password, prefix and keys from different places", async () => {
    const config = await load(
      objectSource({
        ...minimal,
        store: { url: "redis://app@10.0.0.5:6379/0", prefix: "team:lingpai" },
      }),
      variableSource({
        env: {
          LINGPAI_STORE_PASSWORD: "p@ss/wörd",
          LINGPAI_STORE_SEALING_ACTIVE: "2026-05",
          LINGPAI_STORE_SEALING_KEYS_2026_05: sealingKey,
          LINGPAI_STORE_SEALING_KEYS_2025_11: "0123456789abcdef".repeat(4),
        },
      }),
    );
    expect(config.store).toMatchObject({
      address: "redis://10.0.0.5:6379/0",
      prefix: ["team", "lingpai"],
      plaintext: "refuse",
    });
    expect(config.store.keyring?.readableIds).toEqual(["2026-05", "2025-11"]);
    const url = new URL(config.store.url?.reveal() ?? "");
    expect([url.username, decodeURIComponent(url.password)]).toEqual(["app", "p@ss/wörd"]);
  });

  test("need no secret if this node never fetches", async () => {
    const config = await load(objectSource({ apps: { main: { appId, role: "consumer" } } }));
    expect(config.apps["main"]).toMatchObject({
      role: "consumer",
      mode: "stable",
      secret: undefined,
    });
  });
});

describe("a configuration that cannot be used", () => {
  test("is refused with all its problems at once, each with place, cause and remedy", async () => {
    const file = yaml(`
store:
  url: reids://10.0.0.5
apps:
  main:
    appid: ${appId}
    mode: stabel
    overlapMs: 5min
    parameters:
      leaseMs: 1000.5
  Other: {}
`);
    const message = await refusalOf(
      load(
        file,
        variableSource({ env: { LINGPAI_APPS_MAIN_ROLE: "master", LINGPAI_NODE: "a b" } }),
      ),
    );
    expect(message.split("\n")).toEqual([
      'The configuration of "prod" has 10 problems:',
      expect.stringMatching(/LINGPAI_NODE: node is "a b"\. Give 1 to 64/),
      expect.stringMatching(
        /lingpai\.yaml:3: store\.url has an unknown scheme; "redis:" was probably meant/,
      ),
      expect.stringMatching(
        /lingpai\.yaml:7: apps\.main\.mode is "stab…"\. Give "stable" or "plain"; "stable" was probably meant/,
      ),
      expect.stringMatching(
        /lingpai\.yaml:8: apps\.main\.overlapMs is not a whole number from 0 to 7200000\. Give digits without a unit/,
      ),
      expect.stringMatching(
        /LINGPAI_APPS_MAIN_ROLE: apps\.main\.role is "mast…"\. Give "owner" or "consumer"/,
      ),
      expect.stringMatching(
        /lingpai\.yaml:10: apps\.main\.parameters\.leaseMs is not a whole number of at least 0/,
      ),
      expect.stringMatching(
        /lingpai\.yaml:6: apps\.main\.appid is not known\. Did you mean appId\?/,
      ),
      expect.stringMatching(
        /lingpai\.yaml:11: apps\.Other is not a valid name\. Give a name of lower-case letters/,
      ),
      expect.stringMatching(/apps\.main\.appId is missing/),
      expect.stringMatching(/lingpai\.yaml:6: apps\.main\.secret is missing/),
    ]);
  });

  test.each<[object, RegExp]>([
    [{}, /apps is missing\. Name at least one app, for example with LINGPAI_APPS_MAIN_APP_ID/],
    [
      { apps: { main: { appId } } },
      /apps\.main\.secret is missing\. Set it, for example with LINGPAI_APPS_MAIN_SECRET, or role: consumer/,
    ],
    [{ apps: { main: { secret } } }, /apps\.main\.appId is missing/],
    [
      { apps: { main: { appId: `${appId}\n`, secret } } },
      /apps\.main\.appId has a line end \(U\+000A\) at position 19/,
    ],
    [
      { apps: { main: { appId: appId.replace("0", "０"), secret } } },
      /appId has a full-width character \(U\+FF10\) at position 3/,
    ],
    [
      { apps: { main: { appId, secret: `${secret} ` } } },
      /secret has a space \(U\+0020\) at position 33/,
    ],
    [
      { apps: { main: { appId, secret: "<secret>" } } },
      /secret has 8 characters\. Copy the AppSecret/,
    ],
    [
      { apps: { main: { appId, secret, overlapMs: 0 } } },
      /overlapMs has an effect in plain mode only/,
    ],
    [
      { apps: { main: { appId, secret, mode: "plain", onConflict: "coexist" } } },
      /onConflict cannot be coexist for a plain token/,
    ],
    [
      { apps: { main: { appId, secret, parameters: { leaseMs: 100 } } } },
      /apps\.main\.parameters break a rule: P1: a lease must outlive/,
    ],
    [
      { apps: { main: { appId, secret, parameters: { leaseMS: 100 } } } },
      /apps\.main\.parameters\.leaseMS is not known\. Did you mean leaseMs\?/,
    ],
    [{ apps: { main: [appId] } }, /apps\.main is a list/],
    [{ apps: { main: appId } }, /apps\.main is one value where settings are expected/],
    [{ apps: { main: { appId, secret: null } } }, /apps\.main\.secret has no value/],
    [{ apps: { main: { appId, secret, mode: () => "plain" } } }, /apps\.main\.mode is a function/],
    [
      { ...minimal, store: { url: "localhost:6379" } },
      /store\.url does not begin with the scheme of a store/,
    ],
    [
      { ...minimal, store: { url: "redis://u:p@h", password: "x" } },
      /store\.password is in store\.url too/,
    ],
    [{ ...minimal, store: { password: "x" } }, /store\.password has no store to belong to/],
    [{ ...minimal, store: { prefix: "a::b" } }, /store\.prefix has an empty segment/],
    [
      { ...minimal, store: { sealing: { active: "b", keys: { a: sealingKey } } } },
      /store\.sealing\.active names a missing key\. Known: a/,
    ],
    [
      { ...minimal, store: { sealing: { keys: { a: sealingKey } } } },
      /store\.sealing\.keys are given, but none is chosen/,
    ],
    [
      { ...minimal, store: { sealing: { active: "a", keys: { a: "short" } } } },
      /store\.sealing\.keys\.a is not a key of 32 bytes/,
    ],
    [
      { ...minimal, environment: "prod" },
      /environment is not known\. An environment is chosen with LINGPAI_ENVIRONMENT/,
    ],
    [
      { ...minimal, environments: { prdo: {} } },
      /environments has no section "prod", the environment of this process\. Did you mean prdo\?/,
    ],
    [
      { ...minimal, environments: { prod: "x" } },
      /environments\.prod is one value where settings are expected/,
    ],
    [
      { ...minimal, environments: { prod: {}, "a b": { node: "x" } } },
      /environments\.a\?b\.node is under an environment with an invalid name/,
    ],
    [
      { ...minimal, environments: { prod: {}, staging: { store: { ulr: "x" } } } },
      /environments\.staging\.store\.ulr is not known\. Did you mean url\?/,
    ],
    [{ ...minimal, frobnicate: {} }, /frobnicate is not known\. Known here: node, store, apps/],
    [
      { ...minimal, apps: { ...minimal.apps, ["__proto__"]: { appId } } },
      /apps\.__proto__\.appId is under an invalid name/,
    ],
    [
      { apps: { main: { appId, secret, baseUrl: "http://api.weixin.qq.com" } } },
      /baseUrl is not an https: address/,
    ],
  ])("%j is refused", async (config, message) => {
    expect(await refusalOf(load(objectSource(config)))).toMatch(message);
  });

  test("is refused with a ConfigurationError that carries the problems as data", async () => {
    const refused = await load(
      objectSource({ apps: { main: { appId, secret, mode: "x" } } }, { name: "code" }),
    ).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(InvalidConfigError);
    expect(refused).toMatchObject({
      code: "CONFIGURATION",
      rule: "config",
      problems: [
        { path: "apps.main.mode", place: "code", text: 'is "x". Give "stable" or "plain".' },
      ],
    });
  });

  test("is reported once for a problem that concerns all environments", async () => {
    const message = await refusalOf(
      load(
        objectSource({ ...minimal, node: "a b", environments: { prod: {}, staging: {}, dev: {} } }),
      ),
    );
    expect(message.match(/node is/g)).toHaveLength(1);
  });

  test("is reported together with the sources that could not be read", async () => {
    const error = Object.assign(new Error(`could not open ${secret}`), { code: "EACCES" });
    const message = await refusalOf(
      load(yaml("a: 1\na: 2\n"), scripted("mine", error), objectSource(minimal)),
    );
    expect(message).toContain("lingpai.yaml:2: has a name that the same mapping already contains");
    expect(message).toContain("mine: could not be read (Error EACCES)");
    await expect(load(yaml("a: 1\na: 2\n"))).rejects.toMatchObject({
      problems: [{ path: "", place: "lingpai.yaml:2" }],
    });
    expect(message).not.toContain(secret.slice(0, 8));
  });

  test("may leave its environment unnamed, and the error names the variable that names it", async () => {
    const { options } = world(objectSource(minimal));
    expect(await refusalOf(loadConfig({ ...options, environment: "" }))).toContain(
      "The environment is not set. Set LINGPAI_ENVIRONMENT",
    );
    expect(await refusalOf(loadConfig({ ...options, environment: "a b" }))).toContain(
      'The environment is "a b"',
    );
    expect(await refusalOf(loadConfig({ ...options, sources: [] }))).toContain(
      "The list of sources is empty",
    );
  });

  test("of a source that does not answer is refused at the deadline", async () => {
    const { clock, options } = world({ name: "silent", load: () => new Promise(() => {}) });
    const refused = refusalOf(loadConfig(options));
    await clock.advance(5_000);
    expect(await refused).toContain("silent: did not answer within 5000 ms");
  });
});

describe("one AppID in two environments", () => {
  const plain = (more: object = {}): object => ({
    apps: { main: { appId, mode: "plain", ...more } },
  });
  const text = (prod: object, staging: object): Promise<string> =>
    refusalOf(load(objectSource({ apps: { main: { secret } }, environments: { prod, staging } })));

  test("is refused in plain mode, with the three remedies", async () => {
    const file = yaml(`
environments:
  prod:
    apps: { main: { appId: ${appId}, mode: plain, secret: ${secret} } }
  staging:
    apps:
      other:
        mode: plain
        appId: ${appId.toUpperCase().replace("WX", "wx")}
`);
    const message = await refusalOf(load(file));
    expect(message).toContain(
      'lingpai.yaml:4: environments.prod.apps.main.appId of "prod" is also environments.staging.apps.other.appId of "staging" (lingpai.yaml:9)',
    );
    expect(message).toContain(
      "Give each environment an AppID of its own, or use mode: stable in both, or, with one store for both, onConflict: consume",
    );
  });

  test("is accepted if only one of them fetches", async () => {
    const accepted = "nothing was refused";
    expect(await text(plain(), plain({ role: "consumer" }))).toBe(accepted);
    expect(await text(plain(), plain({ onConflict: "consume" }))).toBe(accepted);
    expect(await text({ apps: { main: { appId, mode: "stable" } } }, plain())).toBe(accepted);
    expect(await text(plain(), plain({ appId: other }))).toBe(accepted);
  });

  test("is refused with onConflict: consume if they share no store", async () => {
    const apart = await text(
      { ...plain(), store: { url: "redis://a" } },
      { ...plain({ onConflict: "consume" }), store: { url: "redis://b" } },
    );
    expect(apart).toContain(
      "onConflict: consume does not help here, because the environments have different stores",
    );
  });
});

describe("secrets", () => {
  const password = "Tr0ub4dor&3-battery";
  const stored = `redis://app:${password.replace("&", "%26")}@10.0.0.5:6379/0`;
  const given = {
    store: { url: stored, sealing: { active: "k", keys: { k: sealingKey } } },
    apps: { main: { appId, secret, fingerprintKey: "fleet-wide-fingerprint-key" } },
  };
  const secrets = [secret, "Tr0ub4dor", sealingKey, "fleet-wide-fingerprint-key"];

  test("appear in no inspection, JSON or text of a configuration", async () => {
    const config = await load(objectSource(given));
    const seen = [
      inspect(config, { depth: 10, showHidden: true }),
      JSON.stringify(config),
      String(config.store.url),
      inspect(config.values, { depth: 9 }),
    ].join("\n");
    for (const each of secrets) expect(seen).not.toContain(each.slice(0, 8));
    expect(seen).toContain("redis://10.0.0.5:6379/0");
  });

  test("appear in no error, even in a setting where they were put by mistake", async () => {
    const places: object[] = [
      { apps: { main: { appId: secret, secret } } },
      { apps: { main: { appId, secret: `${secret.slice(1)}\u00e9` } } },
      { apps: { main: { appId, secret, mode: secret } } },
      { apps: { main: { appId, secret, quotaPerDay: secret } } },
      { ...minimal, node: `${secret} ` },
      { ...minimal, store: secret },
      { ...minimal, store: { url: `${password}://x` } },
      { ...minimal, store: { url: stored, password } },
      { ...minimal, store: { sealing: { active: "k", keys: { k: `${sealingKey}x` } } } },
      { apps: { main: secret } },
    ];
    for (const place of places) {
      const error = await load(objectSource(place)).catch((refused: unknown) => refused);
      expect(error).toBeInstanceOf(InvalidConfigError);
      const seen = inspect(error, { depth: 10 });
      for (const each of secrets) expect(seen).not.toContain(each.slice(0, 8));
    }
  });

  test("and all other values show at most four characters in an error", async () => {
    const visible = fc.string({
      unit: fc.constantFrom(..."abcXYZ0189-_:/@ ０密\n"),
      minLength: 8,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...fields), visible, async ({ path }, value) => {
        const names = path.map((name) => (name === "*" ? "k" : name));
        const source: ConfigSource = {
          name: "code",
          load: async () => [{ path: names, value, place: "code" }],
        };
        const message = await refusalOf(load(objectSource(minimal), source));
        for (let start = 0; start + 8 <= value.length; start += 1)
          expect(message).not.toContain(value.slice(start, start + 8));
      }),
      { numRuns: 500 },
    );
  });

  test("have fingerprints that differ between processes", async () => {
    const one = await loadConfig({ ...world(objectSource(given)).options });
    const two = await loadConfig({ environment: "prod", sources: [objectSource(given)] });
    expect(one.apps["main"]?.secret?.fingerprint).not.toBe(two.apps["main"]?.secret?.fingerprint);
  });
});
