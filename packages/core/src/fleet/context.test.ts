/** The validation of a credential's options, and the values that follow from them. */
import { describe, expect, it } from "vitest";
import { contextFrom, defaultNode, fingerprintIn, termsOn } from "./context.ts";
import type { CredentialOptions } from "../credential.ts";
import type { Issuer } from "../issuer.ts";
import type { Parameters } from "../parameters.ts";
import { neverAsked } from "../scenarios/fleet.fixture.ts";
import { manualClock, seededRandom, simulatedStore } from "../testing/index.ts";

const superseding: Issuer = { ...neverAsked, policy: { kind: "supersede", overlapMs: 300_000 } };
const stable: Issuer = {
  ...neverAsked,
  id: "stable",
  policy: { kind: "stable", renewWithinMs: 300_000 },
};

function context(given: Partial<CredentialOptions> = {}) {
  const clock = manualClock();
  const random = seededRandom("context");
  const store = simulatedStore({ clock, random });
  return contextFrom({
    issuer: neverAsked,
    cache: store.cache(),
    lock: store.lock(),
    environment: "production",
    clock,
    random,
    ...given,
  });
}

describe("the options of a credential", () => {
  it.each<[object, string]>([
    [
      { environment: "" },
      'environment must be 1 to 64 characters of A-Za-z0-9._-, such as "production"; it was empty.',
    ],
    [{ environment: undefined }, "it was undefined."],
    [{ environment: "a/b" }, 'it was "a/b".'],
    [{ environment: "ä/bc" }, 'it was "ä/bc".'],
    [{ environment: "secret of somebody" }, 'it was "secr" and 14 characters more.'],
    [{ environment: "x".repeat(65) }, 'it was "xxxx" and 61 characters more.'],
    [{ node: "a b" }, "node must be 1 to 64 characters"],
    [{ node: 5 }, "node must be a text, not 5."],
    [{ issuer: { ...neverAsked, id: "" } }, "The issuer has no id."],
    [{ issuer: { ...neverAsked, id: 5 } }, "The issuer has no id."],
    [{ issuer: {} }, "A provider makes one; see Issuer."],
    [{ issuer: superseding, onConflict: "coexist" }, 'each issue of "test" kills the one before'],
    [
      {
        issuer: { ...neverAsked, policy: { kind: "rotate", overlapMs: 0 } },
        onConflict: "coexist",
      },
      'onConflict "coexist" needs a credential that several environments can share',
    ],
    [
      { onContention: "fallback" },
      'onContention "fallback" needs an issuer with a fallback; "test" has none.',
    ],
    [{ onContention: "x" }, "onContention"],
    [{ onConflict: "x" }, "onConflict"],
    [{ standalone: "x" }, "standalone"],
    [{ role: "x" }, "role"],
    [{ keepAlive: "yes" }, "keepAlive must be true or false, not a text."],
    [{ clock: {} }, "clock"],
    [{ parent: {} }, "Give the credential that the issuer needs for its request."],
    [{ unknown: 1 }, "credential()"],
  ])("are refused with the fault: %o", (given, text) => {
    expect(() => context(given as Partial<CredentialOptions>)).toThrow(
      expect.objectContaining({ code: "CONFIGURATION", message: expect.stringContaining(text) }),
    );
  });

  it.each<Partial<CredentialOptions>>([
    { environment: "x".repeat(64), node: "A.b_c-9" },
    { onConflict: "coexist" },
    { issuer: stable, onConflict: "coexist" },
    { issuer: superseding, onConflict: "consume", onContention: "report" },
    { issuer: { ...superseding, fallback: stable }, onContention: "fallback" },
    { standalone: "never" },
    { standalone: "when-harmless", keepAlive: true },
    { standalone: "always", keepAlive: false, role: "consumer" },
  ])("are accepted: %o", (given) => {
    expect(context(given).environment).toBe(given.environment ?? "production");
  });

  it("name a node by host, process and a random part if they name none", () => {
    const random = { ...seededRandom("x"), id: () => "0123456789" };
    expect(context({ random }).node).toBe(defaultNode(random));
    expect(context({ node: "a" }).node).toBe("a");
    const hostIn = (host: string): string =>
      defaultNode(random, host).replace(`-${process.pid}-0123`, "");
    expect(hostIn("api-1.EU_west")).toBe("api-1.EU_west");
    expect(hostIn("Wáng's Mac")).toBe("W-ng-s-Mac");
    expect(hostIn("h".repeat(41))).toBe("h".repeat(40));
    expect(hostIn("")).toBe("node");
  });

  it.each<[string, object]>([
    ["cache", { cache: {} }],
    ["lock", { lock: {} }],
  ])("are refused with a store whose %s is none", (what, broken) => {
    const simulated = simulatedStore({ clock: manualClock(), random: seededRandom("context") });
    const store = { cache: simulated.cache(), lock: simulated.lock(), ...broken };
    expect(() => context({ cache: undefined, lock: undefined, store } as never)).toThrow(
      `${what} must be an object with`,
    );
  });
});

describe("the terms of an issuer", () => {
  it("are the fallback's while the fleet uses it, if there is one", () => {
    const own = context({ issuer: { ...superseding, fallback: stable } });
    expect(own.fallback?.issuer).toBe(stable);
    expect(termsOn(own, undefined)).toBe(own);
    expect(termsOn(own, {})).toBe(own);
    expect(termsOn(own, { fallback: { sinceMs: 1 } })).toBe(own.fallback);
    const alone = context();
    expect(alone.fallback).toBeUndefined();
    expect(termsOn(alone, { fallback: { sinceMs: 1 } })).toBe(alone);
  });

  it("share with the fallback's what describes the process, its network and its store", () => {
    const given = {
      fetchDeadlineMs: 3_000,
      storeDeadlineMs: 200,
      quotaPerDay: 50,
      advisoryMs: 900_000,
    };
    const own = context({ issuer: { ...superseding, fallback: stable }, parameters: given });
    expect(own.fallback?.parameters).toMatchObject({
      ...{ fetchDeadlineMs: 3_000, storeDeadlineMs: 200 },
      ...{ quotaPerDay: Number.MAX_SAFE_INTEGER, advisoryMs: 290_000 },
    });
  });

  it("leave the fallback's mandatory window long enough for slow requests", () => {
    const slow = {
      fetchDeadlineMs: 20_000,
      leaseMs: 30_000,
      drainMs: 30_000,
      mandatoryMs: 400_000,
    };
    const windowOf = (parameters: Partial<Parameters>): number | undefined =>
      context({ issuer: { ...superseding, fallback: stable }, parameters }).fallback?.parameters
        .mandatoryMs;
    expect(windowOf(slow)).toBe(290_000);
    expect(windowOf({})).toBe(120_000);
  });

  it("are refused with the fallback's name when they do not fit it", () => {
    const parameters = { skewMarginMs: 350_000, mandatoryMs: 400_000 };
    context({ issuer: superseding, parameters });
    expect(() => context({ issuer: { ...superseding, fallback: stable }, parameters })).toThrow(
      'These parameters do not fit the fallback "stable", which keeps its own advisoryMs, reconcileMs, quotaPerDay: P5: ',
    );
  });

  it("say whether the issuer can be forced to issue another credential", () => {
    const forced = { perDay: 100, dayOffsetMs: 0, forced: { perDay: 20, gapMs: 30_000 } };
    expect(context({ issuer: { ...stable, quota: forced } }).canForce).toBe(true);
    expect(
      context({ issuer: { ...stable, quota: { perDay: 100, dayOffsetMs: 0 } } }).canForce,
    ).toBe(false);
    expect(context({ issuer: stable }).canForce).toBe(false);
    expect(context({ issuer: { ...superseding, quota: forced } }).canForce).toBe(false);
  });
});

describe("the fingerprints of secrets", () => {
  it("use the fleet's key: the issuer's id, or the configured key", () => {
    const name = (given: Partial<CredentialOptions>, secret = "S") =>
      fingerprintIn(context(given), secret);
    expect(name({})).toBe(name({}));
    expect(name({}, "other")).not.toBe(name({}));
    expect(name({ issuer: stable })).not.toBe(name({}));
    expect(name({ issuer: stable, fingerprintKey: "k" })).toBe(name({ fingerprintKey: "k" }));
    expect(name({ fingerprintKey: "k" })).not.toBe(name({}));
  });
});

describe("the revision of an issuer's configuration", () => {
  it("is read each time, keeps its last value while reading fails, and is absent without an implementation", () => {
    const answers: (string | Error)[] = ["1", "2", new Error("later"), "3"];
    const revision = (): string => {
      const answer = answers.shift()!;
      if (answer instanceof Error) throw answer;
      return answer;
    };
    const of = context({ issuer: { ...neverAsked, revision } });
    expect([1, 2, 3, 4].map(() => of.revision.now())).toEqual(["1", "2", "2", "3"]);
    expect(context().revision.now()).toBeUndefined();
  });

  it("is kept for a second by those who only ask whether it has changed, once it is known", async () => {
    const clock = manualClock();
    const answers = ["", "1", "2"];
    const of = context({ clock, issuer: { ...neverAsked, revision: () => answers.shift()! } });
    const { revision } = of;
    expect([revision.recentFor(undefined), answers.length]).toEqual([undefined, 3]);
    expect([1, 2, 3].map(() => revision.recent())).toEqual(["", "1", "1"]);
    await clock.advance(999);
    expect(revision.recent()).toBe("1");
    await clock.advance(1);
    expect(revision.recent()).toBe("2");
  });
});
