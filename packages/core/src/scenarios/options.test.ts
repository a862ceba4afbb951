import { describe, expect, it } from "vitest";
import { credential, keyring, parametersFor, sealed, type CredentialOptions } from "../index.ts";
import { fleet, within } from "./fleet.fixture.ts";

const configuration = (text: string): object =>
  expect.objectContaining({ code: "CONFIGURATION", message: expect.stringContaining(text) });
const key = { id: "k1", key: "ab".repeat(32) };

describe("an argument of a factory", () => {
  it.each<[string, object, string]>([
    [
      "a misspelt option",
      { onconflict: "warn" },
      'has no "onconflict". There are: cache, clock, environment',
    ],
    [
      "a misspelt parameter",
      { parameters: { waitMS: 1 } },
      'has no "waitMS". There are: advisoryMs',
    ],
    [
      "another word for onConflict",
      { onConflict: "ignore" },
      'onConflict must be one of "error", "warn", "consume", "coexist", not "ignore"',
    ],
    ["another word for standalone", { standalone: "yes" }, 'standalone must be one of "never"'],
    ["another word for role", { role: "leader" }, 'role must be one of "owner", "consumer"'],
    ["no boolean", { keepAlive: "yes" }, "keepAlive must be true or false"],
    ["no issuer", { issuer: undefined }, "issuer must be an object with issue"],
    [
      "an issuer without a policy",
      { issuer: { id: "x", issue: () => undefined } },
      "issuer.policy.kind must be one of",
    ],
    [
      "a client in place of a cache",
      { cache: { get: () => undefined } },
      "cache must be an object with get, set, withPrefix",
    ],
    ["a client in place of a lock", { lock: {} }, "lock must be an object with tryAcquire"],
    ["a parent that is none", { parent: {} }, "parent must be an object with get, reject"],
  ])("is refused with a list of the allowed values: %s", (_title, change, text) => {
    const { cache, platform, store } = fleet();
    const options = {
      issuer: platform,
      cache,
      lock: store.lock(),
      environment: "test",
      ...change,
    } as CredentialOptions;
    expect(() => credential(options)).toThrow(configuration(text));
  });

  const anything: readonly unknown[] = [undefined, null, 1, "text", [], {}, () => undefined];

  it.each<[string, (given: never) => unknown]>([
    ["credential", credential],
    ["keyring", keyring],
    ["keyring, as its active key", (active) => keyring({ active })],
    ["keyring, as its readable keys", (readable) => keyring({ active: key, readable: [readable] })],
    ["sealed", (cache) => sealed(cache, keyring({ active: key }))],
  ])("never causes a bare TypeError: %s", (_title, factory) => {
    for (const given of anything) expect(() => factory(given as never)).toThrow(configuration(""));
  });

  it.each<[object, string]>([
    [{ keys: [key] }, 'keyring() has no "keys". There are: active, readable'],
    [{ active: { id: "k1", secret: "x" } }, 'active has no "secret"'],
    [{ active: key, readable: key }, "readable must be a list"],
  ])("to keyring, in another shape, is named: %j", (options, text) => {
    expect(() => keyring(options as Parameters<typeof keyring>[0])).toThrow(configuration(text));
  });

  it("that names an unknown sealing option is refused by name", () => {
    const { cache } = fleet();
    expect(() => sealed(cache, keyring({ active: key }), { plainText: "read" } as object)).toThrow(
      configuration('has no "plainText"'),
    );
    expect(() => sealed(cache, keyring({ active: key }), { plaintext: "yes" as "read" })).toThrow(
      configuration("plaintext must be one of"),
    );
  });

  it("that is undefined means the default", () => {
    const { platform } = fleet();
    expect(parametersFor(platform, { waitMs: undefined } as object).waitMs).toBe(20_000);
  });
});

describe("the status of a process's store", () => {
  it("is undefined before the first command, and then the result of the last one", async () => {
    const { clock, node } = fleet();
    const one = node();
    expect(one.status().storeReachable).toBeUndefined();
    await within(clock, 2_000, one.get());
    expect(one.status().storeReachable).toBe(true);
    one.faults.unreachable = true;
    await clock.advance(600_000);
    expect(one.status().storeReachable).toBe(false);
    const cold = node();
    cold.faults.unreachable = true;
    cold.get().catch(() => {});
    await clock.advance(100);
    expect(cold.status().storeReachable).toBe(false);
  });

  it("keeps the last refusal also on the node that saw it", async () => {
    const { clock, node, platform } = fleet();
    const [seen, elsewhere] = [node(), node()];
    for (let times = 0; times < 20; times += 1)
      platform.script({ outcome: "busy", platformCode: "45011" });
    for (const one of [seen, elsewhere]) {
      await expect(within(clock, 60_000, one.get())).rejects.toMatchObject({
        message: expect.stringContaining("The last refusal was 45011."),
      });
    }
  });
});
